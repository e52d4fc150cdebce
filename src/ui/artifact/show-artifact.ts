import type { Reference } from '../../oci/reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Answer, Visit } from '../visit.ts'

/** Shows what a tag or digest stands for. */
export async function showArtifact(
  _visit: Visit,
  _repository: RepositoryName,
  _reference: Reference,
): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
