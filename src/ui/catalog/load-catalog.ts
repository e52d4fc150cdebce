import type { RepositoryName } from '../../oci/repository-name.ts'
import { registryHost } from '../artifact/registry-host.ts'
import { boundedText } from '../bounded.ts'
import type { UiStatus } from '../options.ts'
import type { Visit } from '../visit.ts'
import type { CatalogData, ListedRepository, RepositoryOrder } from './catalog-data.ts'
import { findRepositories } from './find-repositories.ts'

/** Repositories on a page. */
const pageSize = 100
/** Repositories that are sorted by something else than their name. */
const mostSorted = 1000

/**
 * Loads the home page. By name, the list goes on without end; by anything else, the first 1,000 by name that match are
 * sorted, since no store has an index of that.
 *
 * @throws RegistryError `pageInvalid` for a page that is not one.
 */
export async function loadCatalog(visit: Visit): Promise<CatalogData> {
  const { deps, url, viewer } = visit
  const { searchParams } = url
  const q = boundedText(searchParams.get('q'), 255)
  const namespace = boundedText(searchParams.get('namespace'), 255)?.replace(/\/+$/, '') || null
  const sort = orderOf(searchParams.get('sort'))
  const page = Math.min(Math.max(Number.parseInt(searchParams.get('page') ?? '1', 10) || 1, 1), 10)
  const isByName = sort === 'name'
  const [found, status] = await Promise.all([
    findRepositories(viewer, {
      q,
      namespace,
      after: isByName ? searchParams.get('after') : null,
      limit: isByName ? pageSize : mostSorted,
    }),
    statusFor(visit),
  ])
  const all = await summaries(visit, found.names)
  const start = isByName ? 0 : (page - 1) * pageSize
  const sorted = isByName ? all : [...all].sort(comparison[sort])
  return {
    title: deps.title,
    host: registryHost(url, viewer.call.peer),
    q,
    namespace,
    sort,
    repositories: sorted.slice(start, start + pageSize),
    next: isByName ? found.next : null,
    page,
    hasNextPage: !isByName && sorted.length > start + pageSize,
    isPartial: found.isPartial || (!isByName && found.next !== null),
    status,
  }
}

function orderOf(text: string | null): RepositoryOrder {
  return text === 'updated' || text === 'size' ? text : 'name'
}

const comparison = {
  updated: (a: ListedRepository, b: ListedRepository) => (b.pushedAt ?? 0) - (a.pushedAt ?? 0),
  size: (a: ListedRepository, b: ListedRepository) => (b.bytes ?? 0) - (a.bytes ?? 0),
}

/** One that is gone since is left out. */
async function summaries(
  { deps, viewer }: Visit,
  names: readonly RepositoryName[],
): Promise<readonly ListedRepository[]> {
  const found = await deps.service.summarizeRepositories(viewer.call, names)
  return found
    .filter((summary) => summary !== null)
    .map(({ repository, tags, manifests, bytes, pushedAt }) => {
      return { name: repository, tags, manifests, bytes: bytes ?? null, pushedAt: pushedAt ?? null }
    })
}

/** The whole registry's numbers are for those who may see all of it. */
async function statusFor({ deps, viewer }: Visit): Promise<UiStatus | null> {
  const seesAll = (await viewer.catalog()) === 'all' || (await viewer.may('admin', null))
  return seesAll ? deps.status() : null
}
