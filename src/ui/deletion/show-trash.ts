import { RegistryError } from '../../oci/registry-error.ts'
import type { Answer, Visit } from '../visit.ts'

/** Shows what was deleted and can be brought back. */
export async function showTrash(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}

/** Brings back what was deleted. */
export async function carryOutRestoration(_visit: Visit): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
