import type { CallContext } from '../ports/call-context.ts'

/**
 * The context of a call that a program makes for itself: no principal, no peer, a fresh request id, and
 * a signal that never aborts. Give what is known.
 *
 * @example
 * const call = callContext({ principal: { id: 'nightly-job' } })
 * const page = await registry.service.listRepositories(call, { limit: 100 })
 */
export function callContext(known: Partial<CallContext> = {}): CallContext {
  // Not one for all calls: Cloudflare's runtime makes none outside of a request.
  const { signal } = new AbortController()
  return { principal: null, requestId: crypto.randomUUID(), peer: {}, signal, ...known }
}
