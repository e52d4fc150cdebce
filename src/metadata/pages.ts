import type { Digest } from '../oci/digest.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestEntry, Page, PageRequest, TagRecord } from '../ports/metadata-store.ts'
import { namesAfter } from './name-list.ts'
import type { Repository } from './repository.ts'
import type { SortedNames } from './sorted-names.ts'

/** Tags that are named in a list of manifests; the rest is counted. */
const namedTags = 100

/** A page of a repository's blobs, without those whose bytes are missing. */
export function blobPage(repository: Repository, page: PageRequest): Page<BlobRef> {
  return pageOf(repository.blobNames, page, (digest) => repository.blob(digest))
}

/** A page of a repository's manifests, without those whose bytes are missing. */
export function manifestPage(repository: Repository, page: PageRequest): Page<ManifestEntry> {
  return pageOf(repository.manifestNames, page, (digest: Digest) => {
    const stored = repository.manifests.get(digest)
    const record = stored?.readable ?? null
    if (stored === undefined || record === null) return null
    return {
      record,
      tags: namesAfter(stored.tags, undefined, namedTags),
      tagCount: stored.tagCount,
    }
  })
}

/** A page of a repository's tags, with what each stands for. */
export function tagRecordPage(repository: Repository, page: PageRequest): Page<TagRecord> {
  return pageOf(repository.tags.names, page, (tag) => {
    const entry = repository.tags.entry(tag)
    return entry === undefined
      ? null
      : { tag, digest: entry.target.digest, updatedAt: entry.updatedAt }
  })
}

/** A page of what `read` finds for names, in their order. */
function pageOf<N extends string, T>(
  names: SortedNames<N>,
  { after, limit }: PageRequest,
  read: (name: N) => T | null,
): Page<T> {
  const items: T[] = []
  let last = after as N | undefined
  for (;;) {
    const page = names.page(last, limit - items.length)
    for (const name of page.items) {
      const item = read(name)
      if (item !== null) items.push(item)
    }
    if (!page.more || items.length >= limit) return { items, more: page.more }
    last = page.items.at(-1) ?? last
  }
}
