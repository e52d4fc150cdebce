import { RegistryError } from '../oci/registry-error.ts'
import type { Access, Action, Ask } from '../ports/access.ts'
import type { Call } from './call.ts'
import type { Operation } from './routes.ts'

/** The one place that asks for permission. Without an Access there is nothing to ask or to wait for. */
export function authorize(call: Call, action: Action, operation: Operation): Promise<void> | null {
  const { access } = call.deps
  return access === null ? null : ask(access, call, { action, repository: operation.repository })
}

/** @throws RegistryError `unauthorized`, `denied`. */
async function ask(access: Access, call: Call, wanted: Ask): Promise<void> {
  call.principal = await access.authenticate(call.request.headers, call.peer)
  const [decision] = await access.authorize(call.principal, [wanted])
  // Anything but `allow` is a refusal, a missing or unknown decision included.
  if (decision?.kind === 'allow') return
  if (decision?.kind !== 'challenge') throw new RegistryError('denied')
  throw new RegistryError('unauthorized', { headers: { 'WWW-Authenticate': decision.header } })
}
