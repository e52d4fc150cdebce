import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Viewer } from '../viewer.ts'

/** Names that one look at the list returns. */
const atOnce = 1000
/** Looks at the list for one request, so that a search looks at 10,000 names at most. */
const mostLooks = 10

/** Which repositories. */
export interface RepositorySearch {
  /** Part of the name; ASCII letters match in both cases. Null for all. */
  readonly q: string | null
  /** What stands before the last slashes, without the one at its end. Null for all. */
  readonly namespace: string | null
  /** `next` of the part before, or null. */
  readonly after: string | null
  readonly limit: number
}

/** Repositories in byte order. */
export interface FoundRepositories {
  readonly names: readonly RepositoryName[]
  /** Where the next part begins; it tells no name that the viewer may not see. Null at the end. */
  readonly next: string | null
  /** Whether the search ended before it had as many as were asked for. */
  readonly isPartial: boolean
}

/**
 * Finds repositories that a viewer may read.
 *
 * @throws RegistryError `unauthorized`, `denied` where the viewer may not list any; `pageInvalid`.
 */
export async function findRepositories(
  viewer: Viewer,
  { q, namespace, after, limit }: RepositorySearch,
): Promise<FoundRepositories> {
  const start = namespace === null ? '' : `${namespace}/`
  const part = (q ?? '').toLowerCase()
  const names: RepositoryName[] = []
  let from = after ?? start
  for (let looks = 0; ; looks += 1) {
    const page = await viewer.repositories({
      ...(from === '' ? {} : { after: from }),
      limit: part === '' ? limit + 1 - names.length : atOnce,
    })
    for (const name of page.items) {
      // An `after` that a person made up may lie before the namespace.
      if (start !== '' && !name.startsWith(start)) {
        if (name < start) continue
        return { names, next: null, isPartial: false }
      }
      if (!name.includes(part)) continue
      if (names.length === limit) return { names, next: names.at(-1) ?? null, isPartial: false }
      names.push(name)
    }
    if (page.next === null) return { names, next: null, isPartial: false }
    if (looks + 1 >= mostLooks) return { names, next: page.next, isPartial: true }
    from = page.next
  }
}
