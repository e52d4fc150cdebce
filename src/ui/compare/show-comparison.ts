import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Answer, Visit } from '../visit.ts'

/** Shows what differs between two tags or digests. */
export async function showComparison(_visit: Visit, _repository: RepositoryName): Promise<Answer> {
  throw new RegistryError('routeUnknown')
}
