import type { RepositoryCounts } from '../ports/metadata-store.ts'
import type { Repository } from './repository.ts'

/** What a repository holds. */
export function countsOf(repository: Repository): RepositoryCounts {
  const { manifestNames, tags, blobNames, bytes, pushedAt } = repository
  const [manifests, blobs] = [manifestNames.size, blobNames.size]
  const counts = { manifests, tags: tags.count, blobs, bytes }
  return pushedAt === 0 ? counts : { ...counts, pushedAt }
}
