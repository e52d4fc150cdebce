import type { Digest, RepositoryName } from '../../../src/index.ts'
import type {
  ExpectedDigests,
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  StoredOutcome,
  TagExpectation,
} from '../../../src/kit.ts'
import type { Change } from './change.ts'
import { decideKey } from './deciding-keys.ts'
import { isReached, type Place } from './facts.ts'
import { leaseEnd } from './leases.ts'
import { namedByIndexes } from './named-content.ts'
import { hourOf } from './pulls.ts'
import type { View } from './view.ts'

/**
 * Records a manifest with its tags, if what is expected and required holds.
 *
 * @throws TypeError when the record's blob is not the manifest itself
 */
export function putManifest(name: RepositoryName, change: ManifestChange): Change<ManifestOutcome> {
  const { record, tags, immutable, requires, expect, mostBytes, times, keepsType = false } = change
  const { digest, size, references, blob } = record
  if (blob.digest !== digest || blob.size !== size) {
    throw new TypeError(`the blob of manifest ${digest} is of another content`)
  }
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
    also: (view) => [
      ...(view.place(name, digest).manifest.now?.references ?? []),
      ...namedByIndexes(view, name, references),
    ],
    make(view) {
      const place = view.place(name, digest)
      if (expect !== undefined && !isAsExpected(view, place, expect)) return { kind: 'conflict' }
      const known = keepsType ? place.manifest.now?.mediaType : undefined
      if (known !== undefined && known !== record.mediaType) {
        return { kind: 'other-type', mediaType: known }
      }
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
      const { pushedAt = view.now, untaggedAt, pulledAt } = times ?? {}
      setManifest(view, place, {
        ...{ ...record, blob: counts, pushedAt },
        ...(untaggedAt === undefined ? {} : { untaggedAt }),
        ...(pulledAt === undefined ? {} : { pulledAt: hourOf(pulledAt) }),
      })
      for (const [index, tag] of tags.entries()) {
        view.setTag(view.tag(name, tag), digest, times?.updatedAt[index] ?? view.now)
      }
      const outcome: StoredOutcome = { kind: 'stored', blob: counts, created, previous }
      view.tell(name, change.tell, outcome)
      return outcome
    },
  }
}

/** How long content is kept that a manifest named which is recorded again without it, in milliseconds. */
const leaseOfReplaced = 24 * 60 * 60 * 1000

/** Has a repository have a manifest, as it is recorded from now on. */
export function setManifest(view: View, place: Place, record: ManifestRecord): void {
  const before = new Set(place.manifest.now?.references ?? [])
  const after = new Set(record.references)
  const { mediaType, references } = record
  const sized = references.length === 0 ? { contentSize: 0, ...record } : record
  const { contentSize = null } = sized
  view.setManifest(place, { record: sized, mediaType, references, contentSize })
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
