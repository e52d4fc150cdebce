import { RegistryError } from '../../oci/registry-error.ts'
import type { Answer, Visit } from '../visit.ts'

/** Shows the form to log in. */
export async function showLogin(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}

/** Begins a session. */
export async function logIn(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}

/** Ends a session. */
export async function logOut(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
