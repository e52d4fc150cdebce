import { mediaTypes } from '../../oci/media-types.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Access, CatalogScope } from '../../ports/access.ts'
import type { PageRequest } from '../../ports/metadata-store.ts'
import { rulingOf } from '../authorize.ts'
import { type Call, queryOf } from '../call.ts'
import { listResponse } from '../list-response.ts'
import { linkHeader, pageRequest } from '../pagination.ts'
import { isSealed } from '../sealed-cursor.ts'

/** How many names one request looks at, however few of them the caller may see. */
const mostNames = 1000

/** Part of the catalog, and where the next part begins. */
interface Visible {
  readonly items: readonly RepositoryName[]
  /** The `last` of the next request; null at the end. */
  readonly next: string | null
}

/** GET /v2/_catalog: the repositories the caller may see (Docker's API, outside the specification). */
export async function listRepositories(call: Call): Promise<Response> {
  const { limits, prefix } = call.deps
  const request = await opened(call, pageRequest(queryOf(call.request), limits.pageSize))
  const { items, next } = await visible(call, request)
  const body = JSON.stringify({ repositories: items })
  const link = linkHeader(`${prefix}/v2/_catalog`, { more: next !== null }, [
    ['n', String(request.limit)],
    ['last', next ?? ''],
  ])
  return listResponse(call, mediaTypes.json, body, link)
}

async function opened(call: Call, request: PageRequest): Promise<PageRequest> {
  const { after, limit } = request
  if (after === undefined || !isSealed(after)) return request
  const name = await call.deps.cursors.open(after)
  if (name !== null) return { after: name, limit }
  throw new RegistryError('pageInvalid', {
    advice: 'this page of the catalog has expired; start again',
  })
}

async function visible(call: Call, request: PageRequest): Promise<Visible> {
  const { access } = call.deps
  if (request.limit === 0) return { items: [], next: null }
  if (access === null) return everything(call, request)
  const scope = await access.catalog?.(call.principal, call)
  if (scope === 'all') return everything(call, request)
  return scope === undefined
    ? asked(call, access, request)
    : withinScope(call, rangesOf(scope), request)
}

async function everything(call: Call, request: PageRequest): Promise<Visible> {
  const { items, more } = await call.deps.service.listRepositories(call, request)
  return { items, next: more ? (items.at(-1) ?? null) : null }
}

/** Asks about each name, up to a bound; the names that were left out are not told by the cursor. */
async function asked(call: Call, access: Access, request: PageRequest): Promise<Visible> {
  const { service } = call.deps
  const items: RepositoryName[] = []
  let { after } = request
  for (let looked = 0; ; ) {
    const page = await service.listRepositories(call, pageAfter(after, mostNames - looked))
    const asks = page.items.map((repository) => ({
      action: 'pull' as const,
      repository,
      reference: null,
    }))
    const decisions = await access.authorize(call.principal, asks, call)
    for (const [index, repository] of page.items.entries()) {
      if (rulingOf(decisions[index]).decision !== 'allow') continue
      items.push(repository)
      if (items.length < request.limit) continue
      const more = page.more || index + 1 < page.items.length
      return { items, next: more ? repository : null }
    }
    looked += page.items.length
    after = page.items.at(-1)
    if (!page.more || after === undefined) return { items, next: null }
    if (looked < mostNames) continue
    return { items, next: after === items.at(-1) ? after : await call.deps.cursors.seal(after) }
  }
}

function pageAfter(after: string | undefined, limit: number): PageRequest {
  return after === undefined ? { limit } : { after, limit }
}

/** Names from `start` on: that name alone, or every name that begins with it. */
interface Range {
  readonly start: string
  readonly isPrefix: boolean
}

/** In byte order, none within another. */
function rangesOf({ names, prefixes }: CatalogScope): readonly Range[] {
  const all: Range[] = [
    ...names.map((start) => ({ start, isPrefix: false })),
    ...prefixes.map((start) => ({ start, isPrefix: true })),
  ]
  all.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const kept: Range[] = []
  for (const range of all) {
    const before = kept.at(-1)
    if (before?.isPrefix && range.start.startsWith(before.start)) continue
    if (before?.start === range.start && !range.isPrefix) continue
    kept.push(range)
  }
  return kept
}

/** Reads only what the scope names, so that others cost nothing and need not be hidden. */
async function withinScope(
  call: Call,
  ranges: readonly Range[],
  { after, limit }: PageRequest,
): Promise<Visible> {
  const { service } = call.deps
  const items: RepositoryName[] = []
  let looked = 0
  for (const [index, { start, isPrefix }] of ranges.entries()) {
    if (after !== undefined && after >= start && !(isPrefix && after.startsWith(start))) continue
    if (looked >= mostNames) return { items, next: lastBefore(ranges, index, items) }
    looked += 1
    if (!isPrefix) {
      const name = start as RepositoryName
      if ((await service.countRepository(call, name)) === null) continue
      items.push(name)
    } else {
      const from = after?.startsWith(start) ? after : start
      const page = await service.listRepositories(call, {
        after: from,
        limit: limit - items.length,
      })
      const inside = page.items.filter((name) => name.startsWith(start))
      items.push(...inside)
      looked += inside.length
      const goesOn = page.more && inside.length === page.items.length
      if (items.length >= limit && goesOn) return { items, next: items.at(-1) ?? null }
    }
    if (items.length >= limit) {
      return { items, next: index + 1 < ranges.length ? (items.at(-1) ?? null) : null }
    }
  }
  return { items, next: null }
}

/** The caller knows its own scope: the name before the range that comes next tells it nothing. */
function lastBefore(
  ranges: readonly Range[],
  index: number,
  items: readonly RepositoryName[],
): string | null {
  const before = ranges[index - 1]
  if (before === undefined) return items.at(-1) ?? null
  // No name has a `~`, so this is after every name with the prefix.
  return before.isPrefix ? `${before.start}~` : before.start
}
