import { RegistryError } from '../../oci/registry-error.ts'
import type { Answer, Visit } from '../visit.ts'

/** Tells an open view of changes, as server-sent events. */
export async function openEvents(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
