import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { FirstOf } from '../oci/first-of.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { tagFilter } from '../oci/tag-filter.ts'
import { comparePlaces, parsePlace, placeText, type TagPlace, tagPlace } from '../oci/tag-place.ts'
import { countsByType } from '../oci/type-counts.ts'
import type {
  Browsing,
  FoundTag,
  ManifestRecord,
  Page,
  PageRequest,
  ReferrerCount,
  RepositoryCounts,
  RepositorySummary,
  TagRecord,
} from '../ports/metadata-store.ts'
import { Slices } from './slices.ts'

/** The lists that {@link browseLists} looks through. A store of names has them all. */
export interface BrowsedLists {
  listTagRecords(repository: RepositoryName, page: PageRequest): Promise<Page<TagRecord> | null>
  findManifest(
    repository: RepositoryName,
    digest: Digest,
  ): Promise<Pick<ManifestRecord, 'mediaType' | 'contentSize' | 'pushedBy'> | null>
  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: { readonly after?: string; readonly maxBytes: number },
  ): Promise<Page<Descriptor>>
  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null>
}

/** The methods that look through lists. */
export type ListBrowsing = Required<
  Pick<Browsing, 'findTags' | 'countReferrers' | 'summarizeRepositories'>
>

/** Tags in a page that is looked through. */
const tagsTogether = 1000
/** Manifests and repositories that are asked for at once. */
const askedTogether = 50
/** A page of referrers, in bytes. */
const referrersBytes = 1024 * 1024

/**
 * Answers what a page asks from lists, for a store, or a service made of others, that has nothing faster. It looks through
 * all of a repository's tags for each page, in slices, and remembers no more than the page.
 */
export function browseLists(lists: BrowsedLists): ListBrowsing {
  async function completed(
    repository: RepositoryName,
    tags: readonly TagRecord[],
  ): Promise<readonly FoundTag[]> {
    const found: FoundTag[] = []
    for (let at = 0; at < tags.length; at += askedTogether) {
      const lot = tags.slice(at, at + askedTogether)
      const records = await Promise.all(
        lot.map(({ digest }) => lists.findManifest(repository, digest)),
      )
      for (const [index, { tag, digest, updatedAt }] of lot.entries()) {
        const { contentSize = null, pushedBy = null, mediaType = '' } = records[index] ?? {}
        found.push({ tag, digest, updatedAt, contentSize, pushedBy, mediaType })
      }
    }
    return found
  }

  return {
    async findTags(repository, { order, descending, filter, after, limit }) {
      const start = after === undefined ? null : parsePlace(order, after)
      const compare = (one: TagPlace, other: TagPlace): number =>
        comparePlaces(one, other, descending)
      const first = new FirstOf<TagRecord & TagPlace>(limit + 1, compare)
      const matches = tagFilter(filter)
      const slices = new Slices()
      const inOrder = order === 'name' && !descending
      let last: string | undefined = inOrder ? after : undefined
      for (let count = 0; ; ) {
        const request = { limit: tagsTogether, ...(last === undefined ? {} : { after: last }) }
        const page = await lists.listTagRecords(repository, request)
        if (page === null) return null
        const tags = page.items.filter(({ tag }) => matches(tag))
        const known = order === 'size' ? await completed(repository, tags) : tags
        for (const record of known) {
          const place = tagPlace(order, { contentSize: null, ...record })
          if (start !== null && compare(place, start) <= 0) continue
          first.add({ ...record, ...place })
          count += 1
        }
        last = page.items.at(-1)?.tag
        if (!page.more || last === undefined || (inOrder && count > limit)) break
        await slices.next()
      }
      const sorted = first.sorted()
      const items = await completed(repository, sorted.slice(0, limit))
      const end = sorted[limit - 1]
      return { items, next: sorted.length > limit && end ? placeText(order, end) : null }
    },

    async countReferrers(repository, subjects) {
      const slices = new Slices()
      const counts: Array<readonly ReferrerCount[]> = []
      for (const subject of subjects) {
        const byType: Map<string, number> = new Map()
        for (let after: string | undefined; ; ) {
          const request = { maxBytes: referrersBytes, ...(after === undefined ? {} : { after }) }
          const page = await lists.listReferrers(repository, subject, request)
          for (const { artifactType = '' } of page.items) {
            byType.set(artifactType, (byType.get(artifactType) ?? 0) + 1)
          }
          after = page.items.at(-1)?.digest
          if (!page.more || after === undefined) break
          await slices.next()
        }
        counts.push(countsByType(byType))
      }
      return counts
    },

    async summarizeRepositories(names) {
      const summaries: Array<RepositorySummary | null> = []
      for (let at = 0; at < names.length; at += askedTogether) {
        const lot = names.slice(at, at + askedTogether)
        const counts = await Promise.all(lot.map((name) => lists.countRepository(name)))
        for (const [index, repository] of lot.entries()) {
          const count = counts[index] ?? null
          summaries.push(count === null ? null : { repository, ...count })
        }
      }
      return summaries
    },
  }
}
