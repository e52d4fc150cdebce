import type { RegistryService } from '../ports/registry-service.ts'
import { browseLists } from './browse-lists.ts'
import { previewDeletion } from './deletion-preview.ts'
import type { CoreDeps } from './deps.ts'

type BrowsingMethods = 'findTags' | 'countReferrers' | 'summarizeRepositories' | 'previewDeletion'

/** What a page that people look at asks, by the store's own methods where it has them. */
export function browsingService(deps: CoreDeps): Pick<RegistryService, BrowsingMethods> {
  const { metadata, limits } = deps
  const lists = browseLists(metadata)
  return {
    async findTags(_call, repository, search) {
      const limit = Math.max(1, Math.min(search.limit, limits.pageSize))
      const bounded = { ...search, limit }
      return metadata.findTags?.(repository, bounded) ?? lists.findTags(repository, bounded)
    },
    async countReferrers(_call, repository, subjects) {
      return (
        metadata.countReferrers?.(repository, subjects) ??
        lists.countReferrers(repository, subjects)
      )
    },
    async summarizeRepositories(_call, names) {
      return metadata.summarizeRepositories?.(names) ?? lists.summarizeRepositories(names)
    },
    previewDeletion: (call, repository, targets) =>
      previewDeletion(metadata, call.signal, repository, targets),
  }
}
