import { RegistryError } from '../oci/registry-error.ts'
import type { Page, PageRequest } from '../ports/metadata-store.ts'

/** What lists are made of: names, and things that are sorted by their tag or digest. */
type Listed =
  | string
  | { readonly tag: string }
  | { readonly digest: string }
  | { readonly record: { readonly digest: string } }

/** Items asked for at a time. */
const pageSize = 1000

/**
 * Every item of a list that comes in pages, in order, with one page in memory at a time.
 *
 * @param read reads one page
 * @example
 * const tags = everyItem((page) => service.listTagRecords(call, repository, page))
 * for await (const { tag, digest } of tags) console.log(tag, digest)
 */
export async function* everyItem<T extends Listed>(
  read: (page: PageRequest) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let page = await read({ limit: pageSize })
  for (;;) {
    yield* page.items
    const last = page.items.at(-1)
    if (!page.more || last === undefined) return
    page = await read({ after: nameOf(last), limit: pageSize })
  }
}

/**
 * One page of the lists of several sources together: of items with the same name the first source's
 * counts. A source that does not know the repository has an empty list, unless none knows it.
 *
 * @param request what is asked for; without a limit the page has all that is known
 * @param read reads the page of one source
 * @throws RegistryError `nameUnknown`, and whatever else `read` throws.
 * @example
 * const tags = await mergePages(page, services, (one) => one.listTags(call, repository, page))
 */
export async function mergePages<Source, T extends Listed>(
  { limit = Number.POSITIVE_INFINITY }: Partial<PageRequest>,
  sources: readonly Source[],
  read: (source: Source) => Promise<Page<T>>,
): Promise<Page<T>> {
  const pages: Page<T>[] = []
  let unknown: unknown = null
  for (const result of await Promise.allSettled(sources.map((source) => read(source)))) {
    if (result.status === 'fulfilled') pages.push(result.value)
    else if (isUnknownName(result.reason)) unknown = result.reason
    else throw result.reason
  }
  if (pages.length === 0 && unknown !== null) throw unknown

  const byName: Map<string, T> = new Map()
  // Where a list goes on after its page, what follows in the others has to wait for the next one.
  let end: string | null = null
  for (const { items, more } of pages) {
    for (const item of items) if (!byName.has(nameOf(item))) byName.set(nameOf(item), item)
    const last = items.at(-1)
    if (more && last !== undefined && (end === null || nameOf(last) < end)) end = nameOf(last)
  }
  const names = [...byName.keys()].filter((name) => end === null || name <= end).sort()
  const items = names.slice(0, limit).flatMap((name) => byName.get(name) ?? [])
  return { items, more: items.length < byName.size || pages.some(({ more }) => more) }
}

/** What a list is sorted by. */
function nameOf(item: Listed): string {
  if (typeof item === 'string') return item
  if ('tag' in item) return item.tag
  return 'record' in item ? item.record.digest : item.digest
}

function isUnknownName(error: unknown): boolean {
  return error instanceof RegistryError && error.kind === 'nameUnknown'
}
