import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Page, PageRequest, RepositoryCounts } from '../ports/metadata-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { deletionOf } from './trash.ts'

type ListingMethods =
  | 'listBlobs'
  | 'listManifests'
  | 'listTags'
  | 'listTagRecords'
  | 'listRepositories'
  | 'countRepository'
  | 'deleteRepository'

/** What repositories hold: end-8, the catalog, and what the specification has no word for. */
export function listingService(deps: CoreDeps): Pick<RegistryService, ListingMethods> {
  const { metadata, limits, tell } = deps
  const within = (page: PageRequest): PageRequest => ({
    ...page,
    limit: Math.min(page.limit, limits.pageSize),
  })

  return {
    async listBlobs(_call, repository, page) {
      const { items, more } = known(repository, await metadata.listBlobs(repository, within(page)))
      return { items: items.map(({ digest, size }) => ({ digest, size })), more }
    },
    async listManifests(_call, repository, page) {
      return known(repository, await metadata.listManifests(repository, within(page)))
    },
    async listTags(_call, repository, page) {
      return known(repository, await metadata.listTags(repository, within(page)))
    },
    async listTagRecords(_call, repository, page) {
      return known(repository, await metadata.listTagRecords(repository, within(page)))
    },
    listRepositories: (_call, page) => metadata.listRepositories(within(page)),
    countRepository: (_call, repository) => metadata.countRepository(repository),

    async deleteRepository(call, repository) {
      const telling = tell<RepositoryCounts>(call, ({ manifests, tags }) => [
        { kind: 'repository-deleted', repository, manifests, tags },
      ])
      const options = { ...deletionOf(metadata, limits), ...telling.options }
      const counts = await metadata.deleteRepository(repository, options)
      if (counts === null) throw unknown(repository)
      telling.done(counts)
      return counts
    },
  }
}

function known<T>(repository: RepositoryName, page: Page<T> | null): Page<T> {
  if (page === null) throw unknown(repository)
  return page
}

function unknown(repository: RepositoryName): RegistryError {
  return new RegistryError('nameUnknown', { detail: { name: repository } })
}
