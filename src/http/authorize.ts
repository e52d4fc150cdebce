import { RegistryError } from '../oci/registry-error.ts'
import type { Access, Ask, Decision, Principal, Rejection, Ruling } from '../ports/access.ts'
import type { Call } from './call.ts'
import type { Exchange } from './exchange.ts'

/** What a request asks permission for. */
export interface Wanted {
  /** Each must be allowed. */
  readonly required: readonly Ask[]
  /** Without these the request is answered in another way: `call.granted` has what came of them. */
  readonly optional: readonly Ask[]
}

/**
 * The one place that asks for permission. Without an Access there is nothing to ask or to wait for.
 *
 * @param wanted null for the token endpoint, which finds out by itself who calls
 */
export function authorize(call: Call, wanted: () => Wanted | null): Promise<void> | null {
  const { access } = call.deps
  if (access === null) return null
  const asks = wanted()
  return asks === null ? null : ask(access, call, asks)
}

/**
 * Most answers of an Access are known at once: then nothing waits, as where there is none.
 *
 * @throws RegistryError `unauthorized` with a challenge, `denied`.
 */
function ask(access: Access, call: Call, wanted: Wanted): Promise<void> | null {
  const caller = access.authenticate(call)
  if (!isPromise(caller)) return askFor(access, call, wanted, caller)
  return caller.then((found) => askFor(access, call, wanted, found) ?? undefined)
}

function askFor(
  access: Access,
  call: Call,
  wanted: Wanted,
  caller: Principal | null | Rejection,
): Promise<void> | null {
  const { required, optional } = wanted
  // Finding it takes longer than the rest of this.
  const { exchange } = call
  if (caller !== null && 'rejected' in caller) {
    if (exchange !== null) exchange.rule = 'wrong credentials'
    throw challenged(access, call, required, caller.message ?? 'wrong user name or password')
  }
  call.principal = caller
  if (exchange !== null) exchange.principal = caller
  const asks = optional.length === 0 ? required : [...required, ...optional]
  const decisions = access.authorize(caller, asks, call)
  if (isPromise(decisions))
    return decisions.then((all) => apply(access, call, wanted, all, exchange))
  apply(access, call, wanted, decisions, exchange)
  return null
}

function apply(
  access: Access,
  call: Call,
  { required, optional }: Wanted,
  decisions: ReadonlyArray<Decision | Ruling>,
  exchange: Exchange | null,
): void {
  for (let index = 0; index < required.length; index++) {
    const ruling = rulingOf(decisions[index])
    if (index === 0 || ruling.decision !== 'allow') noteRule(exchange, ruling)
    if (ruling.decision !== 'allow') throw refused(access, call, required, ruling)
    noteImmutable(call, ruling)
  }
  if (optional.length === 0) return
  call.granted = optional.map(
    (_, index) => rulingOf(decisions[required.length + index]).decision === 'allow',
  )
}

/** Whether a value is a promise, of whatever library. */
function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | null)?.then === 'function'
}

/** What came of an ask; a missing or unknown decision is a refusal. */
export function rulingOf(decision: Decision | Ruling | undefined): Ruling {
  if (decision === 'allow') return allowed
  if (decision === 'login') return login
  if (typeof decision !== 'object' || decision === null) return denied
  const { decision: text } = decision
  return text === 'allow' || text === 'login' || text === 'deny' ? decision : denied
}

const allowed: Ruling = { decision: 'allow' }
const login: Ruling = { decision: 'login' }
const denied: Ruling = { decision: 'deny' }

/** A push asks for each of its tags, and each ruling may speak for its own. */
function noteImmutable(call: Call, { isImmutable }: Ruling): void {
  if (isImmutable === undefined) return
  const { isImmutable: before } = call
  call.isImmutable = before === null ? isImmutable : (tag) => before(tag) || isImmutable(tag)
}

function noteRule(exchange: Exchange | null, { rule }: Ruling): void {
  if (rule !== undefined && exchange !== null) exchange.rule = rule
}

function refused(
  access: Access,
  call: Call,
  asks: readonly Ask[],
  { decision, message }: Ruling,
): RegistryError {
  if (decision === 'login') return challenged(access, call, asks, message)
  return new RegistryError('denied', message === undefined ? {} : { advice: message })
}

function challenged(
  access: Access,
  call: Call,
  asks: readonly Ask[],
  advice?: string,
): RegistryError {
  return new RegistryError('unauthorized', {
    ...(advice === undefined ? {} : { advice }),
    headers: { 'WWW-Authenticate': access.challenge(asks, call) },
  })
}
