import type { RepositoryName } from '../../oci/repository-name.ts'
import { type Answer, shown, type Visit } from '../visit.ts'
import { loadRepository } from './load-repository.ts'
import { repositoryView } from './repository-view.ts'

/** Shows what is in a repository. */
export async function showRepository(visit: Visit, repository: RepositoryName): Promise<Answer> {
  return shown(repository, await loadRepository(visit, repository), repositoryView)
}
