import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { TagOrder } from '../../ports/browsing.ts'
import { registryHost } from '../artifact/registry-host.ts'
import { boundedText } from '../bounded.ts'
import type { Visit } from '../visit.ts'
import { loadNewest } from './load-about.ts'
import { loadTags } from './load-tags.ts'
import { loadUntagged } from './load-untagged.ts'
import type { RepositoryData, RepositoryTab, TagSort } from './repository-data.ts'

/** Tags that are not looked through a second time for one page: of those that it shows, one describes the repository. */
const manyTags = 10_000
/** Tags on a page. */
const pageSize = 50

/**
 * Loads the page of a repository.
 *
 * @throws RegistryError `nameUnknown` for one that is not there, or that the viewer may not read; `pageInvalid`.
 */
export async function loadRepository(
  visit: Visit,
  repository: RepositoryName,
): Promise<RepositoryData> {
  const { deps, viewer, url } = visit
  const { service } = deps
  if (!(await viewer.may('pull', repository))) throw new RegistryError('nameUnknown')
  const [counts = null] = await service.summarizeRepositories(viewer.call, [repository])
  if (counts === null) throw new RegistryError('nameUnknown')
  const { searchParams } = url
  const tab = tabOf(searchParams.get('tab'))
  const q = boundedText(searchParams.get('q'), 128)
  const sort = sortOf(searchParams.get('sort'))
  const after = searchParams.get('after') || null
  const search = { ...sort, ...(q === null ? {} : { filter: q }), limit: pageSize }
  const loading =
    tab === 'tags'
      ? loadTags(visit, repository, { ...search, ...(after === null ? {} : { after }) })
      : null
  // The newest tags are what is loaded in any case, or too much to look for beside it.
  const areNewest = sort.order === 'updated' && sort.descending && q === null && after === null
  const fromPage = areNewest || counts.tags > manyTags
  const newestOf = async (): ReturnType<typeof loadNewest> =>
    loadNewest(visit, repository, fromPage ? ((await loading)?.items ?? null) : null)
  const [newest, tags, untagged, mayDelete] = await Promise.all([
    newestOf(),
    loading,
    tab === 'untagged' ? loadUntagged(visit, repository, after) : null,
    deps.deletes && viewer.may('delete', repository),
  ])
  return {
    repository,
    host: registryHost(url, viewer.call.peer)?.name ?? null,
    tab,
    tagCount: counts.tags,
    manifestCount: counts.manifests,
    bytes: counts.bytes ?? null,
    pushedAt: counts.pushedAt ?? null,
    about: newest?.about ?? null,
    pull: newest?.pull ?? null,
    q,
    sort,
    isLater: after !== null,
    tags: tags?.items ?? [],
    untagged: untagged?.items ?? [],
    next: tags?.next ?? untagged?.next ?? null,
    isPartial: untagged?.isPartial ?? false,
    mayDelete,
  }
}

function tabOf(text: string | null): RepositoryTab {
  return text === 'untagged' || text === 'about' ? text : 'tags'
}

const orders: readonly TagOrder[] = ['name', 'updated', 'version', 'size']

/** `-updated` is the newest first, as it is where nothing is said. */
function sortOf(text: string | null): TagSort {
  const descending = text === null || text.startsWith('-')
  const bare = text?.replace(/^-/, '')
  const order = orders.find((one) => one === bare)
  return order === undefined ? { order: 'updated', descending: true } : { order, descending }
}
