import type { RepositoryName } from '../oci/repository-name.ts'
import type { Access, AccessRequest, CatalogScope } from '../ports/access.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { PageRequest } from '../ports/metadata-store.ts'
import type { RegistryReads } from '../ports/registry-service.ts'
import { rulingOf } from './authorize.ts'
import type { SealedCursors } from './sealed-cursor.ts'

/** How many names one request looks at, however few of them the caller may see. */
const mostNames = 1000

/** What a catalog is read from. */
export interface CatalogDeps {
  /** Null where everybody may read everything. */
  readonly access: Access | null
  readonly service: Pick<RegistryReads, 'listRepositories' | 'countRepository'>
  readonly cursors: SealedCursors
}

/** A caller who may list the catalog. */
export type CatalogCall = CallContext & AccessRequest

/** Part of the catalog, and where the next part begins. */
export interface VisibleRepositories {
  readonly items: readonly RepositoryName[]
  /** Where the next part begins: a name or a sealed cursor; null at the end. */
  readonly next: string | null
}

/**
 * The repositories that a caller may read, in byte order. Whether the caller may list the catalog at all has been
 * asked before.
 *
 * @param request its `after` is a name; who takes a sealed cursor from outside opens it first
 */
export async function visibleRepositories(
  deps: CatalogDeps,
  call: CatalogCall,
  request: PageRequest,
): Promise<VisibleRepositories> {
  const { access } = deps
  if (request.limit === 0) return { items: [], next: null }
  if (access === null) return everything(deps, call, request)
  const scope = await access.catalog?.(call.principal, call)
  if (scope === 'all') return everything(deps, call, request)
  return scope === undefined
    ? asked(deps, call, access, request)
    : withinScope(deps, call, rangesOf(scope), request)
}

async function everything(
  { service }: CatalogDeps,
  call: CatalogCall,
  request: PageRequest,
): Promise<VisibleRepositories> {
  const { items, more } = await service.listRepositories(call, request)
  return { items, next: more ? (items.at(-1) ?? null) : null }
}

/** Asks about each name, up to a bound; the names that were left out are not told by the cursor. */
async function asked(
  { service, cursors }: CatalogDeps,
  call: CatalogCall,
  access: Access,
  request: PageRequest,
): Promise<VisibleRepositories> {
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
    return { items, next: after === items.at(-1) ? after : await cursors.seal(after) }
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
  { service }: CatalogDeps,
  call: CatalogCall,
  ranges: readonly Range[],
  { after, limit }: PageRequest,
): Promise<VisibleRepositories> {
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
