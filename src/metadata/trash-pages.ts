import type { Page, PageRequest, TrashEntry } from '../ports/metadata-store.ts'
import { countsOf } from './counts.ts'
import { namesAfter, sizeOf } from './name-list.ts'
import type { SortedNames } from './sorted-names.ts'
import type { Trash } from './trash.ts'
import type { StoredEntry } from './trash-entries.ts'

/** Tags that are named in a list of entries; the rest is counted. */
const namedTags = 100

/**
 * A page of the trash.
 *
 * @param ids of all entries, or of a repository's; undefined where it has none
 * @param now in the store's own time, in milliseconds
 */
export function trashPage(
  trash: Trash,
  ids: SortedNames<string> | undefined,
  { after, limit }: PageRequest,
  now: number,
): Page<TrashEntry> {
  const page = ids?.page(after, limit) ?? { items: [], more: false }
  const items = page.items.flatMap((id) => {
    const entry = trash.get(id)
    return entry === undefined ? [] : shownEntry(entry, now)
  })
  return { items, more: page.more }
}

/** An entry as callers get it. */
export function shownEntry(entry: StoredEntry, now: number): TrashEntry {
  const { id, name: repository, deletedAt, keepUntil, content } = entry
  const { kind } = content
  const leftMs = Math.max(0, keepUntil - now)
  const shown = { id, kind, repository, deletedAt, leftMs, tags: [], tagCount: 0 }
  switch (content.kind) {
    case 'tag':
      return { ...shown, tag: content.tag, digest: content.digest }
    case 'blob': {
      const { digest, size } = content.holding
      return { ...shown, digest, size }
    }
    case 'manifest': {
      const { holding, facts, tags } = content
      const { subject } = facts.kind
      return {
        ...shown,
        ...(subject === undefined ? {} : { subject }),
        digest: holding.digest,
        size: holding.size,
        mediaType: facts.kind.mediaType,
        tags: namesAfter(tags, undefined, namedTags),
        tagCount: sizeOf(tags),
      }
    }
    case 'repository':
      return { ...shown, counts: countsOf(content.repository) }
  }
}
