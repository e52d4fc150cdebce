import type { RegistryService } from '../ports/registry-service.ts'
import type { ListBrowsing } from './browse-lists.ts'
import type { CoreDeps } from './deps.ts'

type BrowsingMethods =
  | 'findTags'
  | 'countReferrers'
  | 'findParents'
  | 'summarizeRepositories'
  | 'previewDeletion'

/**
 * What a page that people look at asks, by the store's own methods where it has them. What such a store does not need,
 * nor a registry without a page, is loaded when it is asked for.
 */
export function browsingService(deps: CoreDeps): Pick<RegistryService, BrowsingMethods> {
  const { metadata, limits } = deps
  const lists = async (): Promise<ListBrowsing> => {
    const { browseLists } = await import('./browse-lists.ts')
    return browseLists(metadata)
  }
  return {
    async findTags(_call, repository, search) {
      const limit = Math.max(1, Math.min(search.limit, limits.pageSize))
      const bounded = { ...search, limit }
      return (
        metadata.findTags?.(repository, bounded) ?? (await lists()).findTags(repository, bounded)
      )
    },
    async countReferrers(_call, repository, subjects) {
      return (
        metadata.countReferrers?.(repository, subjects) ??
        (await lists()).countReferrers(repository, subjects)
      )
    },
    async findParents(call, repository, digest) {
      const { findParents } = await import('./parents.ts')
      return findParents(metadata, call.signal, repository, digest)
    },
    async summarizeRepositories(_call, names) {
      return metadata.summarizeRepositories?.(names) ?? (await lists()).summarizeRepositories(names)
    },
    async previewDeletion(call, repository, targets) {
      const { previewDeletion } = await import('./deletion-preview.ts')
      return previewDeletion(metadata, call.signal, repository, targets)
    },
  }
}
