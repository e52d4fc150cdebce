import type { CallContext } from '../ports/call-context.ts'

/**
 * The context of a call that a program makes for itself: no principal, no peer, a fresh request id, a
 * signal that never aborts, and no immutable tags. Give what is known. With a principal, the call is made
 * on behalf of that, and `isProgram` is false; give `isProgram: false` for an anonymous caller.
 *
 * @example
 * const call = callContext({ principal: { id: 'nightly-job' } })
 * const page = await registry.service.listRepositories(call, { limit: 100 })
 */
export function callContext(known: Partial<CallContext> = {}): CallContext {
  // Not one for all calls: Cloudflare's runtime makes none outside of a request.
  const { signal } = new AbortController()
  const requestId = crypto.randomUUID()
  const isProgram = (known.principal ?? null) === null
  return { principal: null, requestId, peer: {}, signal, isImmutable: null, isProgram, ...known }
}

/**
 * The context of a call within another: what is not changed is as in that one. A wrapper uses it to call
 * the service on behalf of the same caller. A spread does not do, since a request's context has getters.
 *
 * @example
 * const strict = derivedCall(call, { isImmutable: (tag) => tag.startsWith('v') })
 */
export function derivedCall(call: CallContext, changes: Partial<CallContext>): CallContext {
  const { principal, requestId, peer, signal, isImmutable, isProgram, inspects = false } = call
  const known = { principal, requestId, peer, signal, isImmutable, isProgram, inspects }
  return { ...known, trace: call.trace ?? null, ...changes }
}
