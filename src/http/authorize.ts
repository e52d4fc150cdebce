import { RegistryError } from '../oci/registry-error.ts'
import type { Ask } from '../ports/access.ts'
import { type Call, repositoryOf } from './call.ts'
import type { Route } from './routes.ts'

/** The one place where leave is asked. Nothing to do, and nothing to wait for, without an Access. */
export function authorize(call: Call, route: Route): Promise<void> | null {
  return call.deps.access === null ? null : ask(call, route)
}

/** @throws RegistryError `unauthorized`, `denied`; `nameInvalid` before anybody is asked. */
async function ask(call: Call, route: Route): Promise<void> {
  const { access } = call.deps
  if (access === null) return
  const repository = route.named ? repositoryOf(call) : null
  const wanted: Ask = { action: route.action, repository }
  call.principal = await access.authenticate(call.request.headers, call.peer)
  const [decision] = await access.authorize(call.principal, [wanted])
  // Whatever is no leave is a refusal, an answer that is missing or unknown included.
  if (decision?.kind === 'allow') return
  if (decision?.kind !== 'challenge') throw new RegistryError('denied')
  throw new RegistryError('unauthorized', { headers: { 'WWW-Authenticate': decision.header } })
}
