import { RegistryError } from '../oci/registry-error.ts'
import type { Access, Ask } from '../ports/access.ts'
import type { Call } from './call.ts'

/** What a request asks permission for. */
export interface Wanted {
  /** Each must be allowed. */
  readonly required: readonly Ask[]
  /** Without these the request is answered in another way: `call.granted` has what came of them. */
  readonly optional: readonly Ask[]
}

/** The one place that asks for permission. Without an Access there is nothing to ask or to wait for. */
export function authorize(call: Call, wanted: () => Wanted): Promise<void> | null {
  const { access } = call.deps
  return access === null ? null : ask(access, call, wanted())
}

/** @throws RegistryError `unauthorized` with a challenge, `denied`. */
async function ask(access: Access, call: Call, { required, optional }: Wanted): Promise<void> {
  const caller = await access.authenticate(call)
  if (caller !== null && 'rejected' in caller) {
    throw challenged(access, call, required, caller.message ?? 'wrong user name or password')
  }
  call.principal = caller
  if (call.exchange !== null) call.exchange.principal = caller
  const decisions = await access.authorize(caller, [...required, ...optional], call)
  for (const index of required.keys()) {
    const decision = decisions[index]
    if (decision === 'allow') continue
    // Anything else is a refusal, a missing or unknown decision included.
    throw decision === 'login' ? challenged(access, call, required) : new RegistryError('denied')
  }
  call.granted = optional.map((_, index) => decisions[required.length + index] === 'allow')
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
