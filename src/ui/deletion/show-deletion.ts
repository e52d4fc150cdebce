import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Answer, Visit } from '../visit.ts'

/** Shows what a deletion would take away. */
export async function showDeletion(
  _visit: Visit,
  _repository: RepositoryName,
  _reference: Reference | null,
): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}

/** Deletes what was shown. */
export async function carryOutDeletion(
  _visit: Visit,
  _repository: RepositoryName,
  _reference: Reference | null,
): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
