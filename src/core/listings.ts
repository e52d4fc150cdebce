import { RegistryError } from '../oci/registry-error.ts'
import type { PageRequest } from '../ports/metadata-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'

/** Lists of tags and of repositories: end-8 and the catalog. */
export function listingService(
  deps: CoreDeps,
): Pick<RegistryService, 'listTags' | 'listRepositories'> {
  const { metadata, limits } = deps
  const within = (page: PageRequest): PageRequest => ({
    ...page,
    limit: Math.min(page.limit, limits.pageSize),
  })

  return {
    async listTags(repository, page) {
      const tags = await metadata.listTags(repository, within(page))
      if (tags === null) throw new RegistryError('nameUnknown', { detail: { name: repository } })
      return tags
    },
    listRepositories: (page) => metadata.listRepositories(within(page)),
  }
}
