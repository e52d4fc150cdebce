import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { BlobDeletion, BlobRef, BlobRemoval, TagDeletion, Telling } from '../../../src/kit.ts'
import type { Change } from './change.ts'
import { decideKey } from './deciding-keys.ts'
import { extendLease } from './leases.ts'
import { placesOf } from './load.ts'

/** Makes a blob readable in a repository; the reference that counts. */
export function linkBlob(
  name: RepositoryName,
  blob: BlobRef,
  leaseMs: number,
  { tell }: Telling<BlobRef> = {},
): Change<BlobRef> {
  const { digest, key } = blob
  return {
    wanted: { repositories: [name], places: [[name, digest]], named: [digest], keys: [key] },
    make(view) {
      const counts = decideKey(view, blob)
      extendLease(view, view.place(name, digest), leaseMs)
      view.tell(name, tell, counts)
      return counts
    },
  }
}

/** Makes a blob of one repository readable in another; null when the one does not have it. */
export function mountBlob(
  from: RepositoryName,
  to: RepositoryName,
  digest: Digest,
  leaseMs: number,
  { tell }: Telling<BlobRef> = {},
): Change<BlobRef | null> {
  return {
    wanted: {
      repositories: [from, to],
      places: [
        [from, digest],
        [to, digest],
      ],
      named: [digest],
    },
    make(view) {
      const blob = view.readable(view.place(from, digest))
      if (blob === null) return null
      extendLease(view, view.place(to, digest), leaseMs)
      view.tell(to, tell, blob)
      return blob
    },
  }
}

/** Keeps a blob for a lease, unless a manifest names it or its own is long enough; null without it. */
export function keepBlob(
  name: RepositoryName,
  digest: Digest,
  leaseMs: number,
): Change<BlobRef | null> {
  return {
    wanted: { repositories: [name], places: [[name, digest]] },
    make(view) {
      const place = view.place(name, digest)
      const blob = view.readable(place)
      if (blob !== null && place.namers === 0) extendLease(view, place, leaseMs)
      return blob
    },
  }
}

/** Takes a blob out of a repository; with `keepNamed`, only where no manifest of it names the blob. */
export function unlinkBlob(
  name: RepositoryName,
  digest: Digest,
  { keepNamed = false, trashMs = 0, tell }: BlobDeletion,
): Change<BlobRemoval> {
  return {
    wanted: { repositories: [name], places: [[name, digest]] },
    make(view) {
      const place = view.place(name, digest)
      if (place.link.now === null) return 'absent'
      if (keepNamed && place.namers > 0) return 'named'
      view.removeLink(place)
      if (trashMs > 0) view.deleted.push({ kind: 'blob', repository: name, digest, trashMs })
      view.tell(name, tell, 'removed')
      return 'removed'
    },
  }
}

/** Removes a tag, unless it is not as expected; what it stood for. */
export function deleteTag(
  name: RepositoryName,
  tag: Tag,
  { expect, notSince = Number.POSITIVE_INFINITY, unlessHas = [], trashMs = 0, tell }: TagDeletion,
): Change<Digest | null> {
  return {
    wanted: { repositories: [name], tags: [[name, tag]], places: placesOf(name, unlessHas) },
    make(view) {
      const facts = view.tag(name, tag)
      const there = facts.target.now
      if (there === null || there.updatedAt >= notSince) return null
      const { digest, updatedAt } = there
      if (expect !== undefined && digest !== expect) return null
      if (unlessHas.some((each) => view.hasManifest(view.place(name, each)))) return null
      view.setTag(facts, null, view.now)
      if (trashMs > 0) {
        view.deleted.push({ kind: 'tag', repository: name, digest, tag, updatedAt, trashMs })
      }
      view.tell(name, tell, digest)
      return digest
    },
  }
}
