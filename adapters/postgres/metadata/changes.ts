import { type Digest, RegistryError, type RepositoryName, type Tag } from '../../../src/index.ts'
import type {
  BlobRef,
  BlobRemoval,
  ExpectedDigests,
  ManifestChange,
  ManifestOutcome,
  TagExpectation,
} from '../../../src/kit.ts'
import type { Wanted } from './load.ts'
import { isReached, type Place, refOf, type View } from './view.ts'

/** A change that may share a transaction with others. */
export interface Change<T> {
  readonly wanted: Wanted
  /** Digests of the first of its repositories that it has to know as well, as the first look shows. */
  also?(view: View): readonly Digest[]
  /** Changes the view, or throws before it changes anything. */
  make(view: View): T
}

/** A lease is given half again, so that a client that asks for what it has just pushed causes no write. */
export const leaseSlack = 1.5

/** Makes a blob readable in a repository; the reference that counts. */
export function linkBlob(name: RepositoryName, blob: BlobRef, leaseMs: number): Change<BlobRef> {
  const { digest, key } = blob
  return {
    wanted: { repositories: [name], places: [[name, digest]], named: [digest], keys: [key] },
    make(view) {
      const counts = decideKey(view, blob)
      extendLease(view, view.place(name, digest), leaseMs)
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
      if (blob !== null) extendLease(view, view.place(to, digest), leaseMs)
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
  keepNamed: boolean,
): Change<BlobRemoval> {
  return {
    wanted: { repositories: [name], places: [[name, digest]] },
    make(view) {
      const place = view.place(name, digest)
      if (place.link.now === null) return 'absent'
      if (keepNamed && place.namers > 0) return 'named'
      view.removeLink(place)
      return 'removed'
    },
  }
}

/** Removes a tag; what it stood for. */
export function deleteTag(name: RepositoryName, tag: Tag): Change<Digest | null> {
  return {
    wanted: { repositories: [name], tags: [[name, tag]] },
    make(view) {
      const facts = view.tag(name, tag)
      const digest = facts.target.now?.digest ?? null
      if (digest !== null) view.setTag(facts, null, view.now)
      return digest
    },
  }
}

/** Records a manifest with its tags, if what is expected and required holds. */
export function putManifest(name: RepositoryName, change: ManifestChange): Change<ManifestOutcome> {
  const { record, tags, immutable, requires, expect, mostBytes, times } = change
  const { digest, references, blob } = record
  const digests = new Set([digest, ...references, ...requires.map((each) => each.digest)])
  const looked = new Set([...tags, ...immutable, ...(expect?.tag ? [expect.tag] : [])])
  return {
    wanted: {
      repositories: [name],
      places: [...digests].map((each) => [name, each] as const),
      tags: [...looked].map((tag) => [name, tag] as const),
      named: [digest],
      keys: [blob.key],
    },
    also: (view) => view.place(name, digest).manifest.now?.references ?? [],
    make(view) {
      const place = view.place(name, digest)
      if (expect !== undefined && !isAsExpected(view, place, expect)) return { kind: 'conflict' }
      const elsewhere = immutable.flatMap((tag) => {
        const target = view.tag(name, tag).target.now?.digest ?? digest
        return target === digest ? [] : { tag, digest: target }
      })
      if (elsewhere.length > 0) return { kind: 'immutable', tags: elsewhere }
      const missing = missingOf(view, name, requires)
      if (missing.length > 0) return { kind: 'missing', digests: missing }
      if (mostBytes !== undefined) {
        const used = place.repository.bytes
        const needed = growthBy(view, place, record)
        if (needed > 0 && used + needed > mostBytes) return { kind: 'over-quota', used, needed }
      }
      const counts = decideKey(view, blob)
      const created = place.manifest.now === null
      const previous = tags.map((tag) => view.tag(name, tag).target.now?.digest ?? null)
      const pushedAt = times?.pushedAt ?? view.now
      setManifest(view, place, { ...record, blob: counts, pushedAt })
      for (const [index, tag] of tags.entries()) {
        view.setTag(view.tag(name, tag), digest, times?.updatedAt[index] ?? view.now)
      }
      return { kind: 'stored', blob: counts, created, previous }
    },
  }
}

/** How long content is kept that a manifest named which is recorded anew without it, in milliseconds. */
const leaseOfReplaced = 24 * 60 * 60 * 1000

function setManifest(
  view: View,
  place: Place,
  record: ManifestChange['record'] & { readonly pushedAt: number },
): void {
  const before = new Set(place.manifest.now?.references ?? [])
  const after = new Set(record.references)
  view.setManifest(place, { record, references: record.references })
  for (const child of after) if (!before.has(child)) view.setNaming(place, child, true)
  for (const child of before) if (!after.has(child)) unname(view, place, child, leaseOfReplaced)
}

/** Notes that a manifest does not name a digest any more, which is kept for a lease if none does. */
export function unname(view: View, parent: Place, child: Digest, leaseMs: number): void {
  view.setNaming(parent, child, false)
  const place = view.place(parent.repository.name, child)
  const link = place.link.now
  if (link === null || place.namers > 0) return
  const keepUntil = leaseEnd(view, leaseMs)
  if (link.keepUntil === null || link.keepUntil < keepUntil) view.setLink(place, keepUntil)
}

/**
 * Decides which key counts for a digest: the first, until nothing names the digest or its bytes are
 * missing. One that lost is condemned, so that its bytes are deleted even if its caller dies.
 *
 * @throws RegistryError `unavailable` when the key was condemned or is known to be missing: its bytes
 *   may be gone, and the caller has to bring others.
 */
function decideKey(view: View, blob: BlobRef): BlobRef {
  const cell = view.blob(blob.digest)
  const there = cell.now
  const counts = there !== null && !there.missing && there.held
  if (counts && there.key !== blob.key && !view.condemned.has(blob.key)) {
    view.condemned.add(blob.key)
    view.trash.push({ blob: refOf(blob), wasNamed: false })
  }
  if (counts) return refOf(there)
  if (view.condemned.has(blob.key) || (there?.key === blob.key && there.missing)) {
    const cause = new Error(`the key ${blob.key} of ${blob.digest} does not count any more`)
    throw new RegistryError('unavailable', { cause })
  }
  if (there !== null && there.key !== blob.key) {
    view.trash.push({ blob: refOf(there), wasNamed: !there.missing })
  }
  cell.now = { ...refOf(blob), missing: false, held: true }
  return refOf(blob)
}

function extendLease(view: View, place: Place, leaseMs: number): void {
  const link = place.link.now
  const isLong = link?.keepUntil != null && link.keepUntil >= leaseEnd(view, leaseMs)
  if (isLong) return
  const keepUntil = Math.max(leaseEnd(view, leaseMs * leaseSlack), link?.keepUntil ?? 0)
  view.setLink(place, keepUntil)
}

/** The end of a lease that begins now. */
function leaseEnd({ now }: View, leaseMs: number): number {
  return Math.min(now + Math.ceil(leaseMs), Number.MAX_SAFE_INTEGER)
}

/** The digests that are required and not there. */
function missingOf(
  view: View,
  name: RepositoryName,
  requires: ManifestChange['requires'],
): readonly Digest[] {
  const missing: Set<Digest> = new Set()
  for (const { digest, kind } of requires) {
    const place = view.place(name, digest)
    const isThere =
      view.readable(place) !== null || (kind === 'manifest' && view.hasManifest(place))
    if (!isThere) missing.add(digest)
  }
  return [...missing]
}

/** By how many bytes the repository grows when a manifest is recorded. */
function growthBy(view: View, place: Place, record: ManifestChange['record']): number {
  let bytes = isReached(place) ? 0 : record.size
  for (const reference of new Set(record.references)) {
    const child = view.place(place.repository.name, reference)
    if (child === place || isReached(child) || child.link.now === null) continue
    bytes += view.blob(reference).now?.size ?? 0
  }
  return bytes
}

function isAsExpected(view: View, pushed: Place, expect: TagExpectation): boolean {
  const { tag, match, noneMatch } = expect
  const target =
    tag === null
      ? pushed.manifest.now && pushed.digest
      : view.tag(pushed.repository.name, tag).target.now?.digest
  const isReadable = target != null && view.blob(target).now?.missing === false
  const now = isReadable ? target : null
  if (match !== undefined && (now === null || !accepts(match, now))) return false
  return noneMatch === undefined || now === null || !accepts(noneMatch, now)
}

function accepts(digests: ExpectedDigests, digest: Digest): boolean {
  return digests === 'any' || digests.includes(digest)
}
