import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type {
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  ManifestTimes,
  PullNote,
  Telling,
} from '../ports/metadata-store.ts'
import type { Batch, Moment } from './batch.ts'
import { sizedRecord } from './content-size.ts'
import { isAsExpected } from './expectations.ts'
import { tellOf } from './outbox-changes.ts'
import { Repository } from './repository.ts'
import { hourMs, type StoredManifest } from './stored-manifest.ts'

/**
 * A lease is given half again, so that a client that asks for what it has just pushed causes no write.
 */
const leaseSlack = 1.5

/** Makes a blob readable in a repository; returns the reference that counts. */
export function linkBlob(
  batch: Batch,
  repository: RepositoryName,
  blob: BlobRef,
  leaseMs: number,
  { tell }: Telling<BlobRef> = {},
): BlobRef {
  const winner = decideKey(batch, blob)
  const keepUntil = leaseEnd(batch.moment, leaseMs * leaseSlack)
  batch.apply({ kind: 'link', repository, blob: winner, keepUntil })
  tellOf(batch, repository, tell, winner)
  return winner
}

/** Makes a blob of one repository readable in another; null when the one does not have it. */
export function mountBlob(
  batch: Batch,
  from: RepositoryName,
  to: RepositoryName,
  digest: Digest,
  leaseMs: number,
  { tell }: Telling<BlobRef> = {},
): BlobRef | null {
  const blob = batch.state.repositories.get(from)?.blob(digest) ?? null
  if (blob === null) return null
  const keepUntil = leaseEnd(batch.moment, leaseMs * leaseSlack)
  batch.apply({ kind: 'link', repository: to, blob, keepUntil })
  tellOf(batch, to, tell, blob)
  return blob
}

/** Keeps a blob for a lease, which is written only where its own does not last; null without it. */
export function keepBlob(
  batch: Batch,
  repository: RepositoryName,
  digest: Digest,
  leaseMs: number,
): BlobRef | null {
  const link = batch.state.repositories.get(repository)?.links.get(digest)
  const blob = link?.holding?.readable ?? null
  if (link === undefined || blob === null) return null
  if (link.references === 0 && link.keepUntil < leaseEnd(batch.moment, leaseMs)) {
    const keepUntil = leaseEnd(batch.moment, leaseMs * leaseSlack)
    batch.apply({ kind: 'keep', repository, digest, keepUntil })
  }
  return blob
}

/**
 * Records a manifest with its tags, if what is expected and required holds.
 *
 * @param leaseMs how long what an earlier record named, and this one does not, is kept
 */
export function putManifest(
  batch: Batch,
  name: RepositoryName,
  change: ManifestChange,
  leaseMs: number,
): ManifestOutcome {
  const { record, tags, immutable, requires, expect, mostBytes, times, keepsType = false } = change
  const { digest } = record
  const repository = batch.state.repositories.get(name)
  if (expect !== undefined && !isAsExpected(repository, digest, expect)) return { kind: 'conflict' }
  const known = keepsType ? repository?.manifests.get(digest)?.record?.mediaType : undefined
  if (known !== undefined && known !== record.mediaType) {
    return { kind: 'other-type', mediaType: known }
  }
  const elsewhere = immutable.flatMap((tag) => {
    const target = repository?.tags.target(tag)?.digest ?? digest
    return target === digest ? [] : { tag, digest: target }
  })
  if (elsewhere.length > 0) return { kind: 'immutable', tags: elsewhere }
  const missing = missingOf(repository, requires)
  if (missing.length > 0) return { kind: 'missing', digests: missing }
  if (mostBytes !== undefined) {
    const used = repository?.bytes ?? 0
    const needed = (repository ?? new Repository(name)).growthBy(record)
    if (needed > 0 && used + needed > mostBytes) return { kind: 'over-quota', used, needed }
  }

  const { time } = batch.moment
  const usage = usageOf(times, repository?.manifests.get(digest))
  const isThere = repository?.manifests.has(digest) ?? false
  const targets = tags.map((tag) => repository?.tags.target(tag) ?? null)
  const previous = targets.map((target) => target?.digest ?? null)
  const blob = decideKey(batch, record.blob)
  batch.apply({
    kind: 'manifest',
    repository: name,
    record: {
      ...sizedRecord(batch.state, name, record),
      blob,
      pushedAt: times?.pushedAt ?? time,
      ...usage,
    },
    keepUntil: isThere ? leaseEnd(batch.moment, leaseMs) : 0,
  })
  if (tags.length > 0) {
    const updatedAt = tags.map((_, index) => times?.updatedAt[index] ?? time)
    batch.apply({ kind: 'tag', repository: name, digest, tags, times: updatedAt })
    for (const left of new Set(targets)) if (left !== null) noteUntagged(batch, name, left)
  }
  const outcome = { kind: 'stored' as const, blob, created: !isThere, previous }
  tellOf(batch, name, change.tell, outcome)
  return outcome
}

/** What is known of the use of a manifest, once it is recorded again. */
function usageOf(
  times: ManifestTimes | undefined,
  stored: StoredManifest | undefined,
): Pick<ManifestRecord, 'untaggedAt' | 'pulledAt'> {
  const before = stored?.record
  const untaggedAt = times?.untaggedAt ?? before?.untaggedAt
  const pulledAt = times?.pulledAt ?? before?.pulledAt
  const isTagged = (stored?.tagCount ?? 0) > 0
  return {
    ...(untaggedAt === undefined || isTagged ? {} : { untaggedAt }),
    ...(pulledAt === undefined ? {} : { pulledAt: pulledAt - (pulledAt % hourMs) }),
  }
}

/** Notes that a manifest has no tag any more, where that is so. */
export function noteUntagged(
  batch: Batch,
  repository: RepositoryName,
  { digest, tagCount, untaggedAt }: StoredManifest,
): void {
  if (tagCount > 0 || untaggedAt !== null) return
  batch.apply({ kind: 'untagged', repository, digest, time: batch.moment.time })
}

/** Notes pulls, and since when they are noted. */
export function notePulls(batch: Batch, pulls: readonly PullNote[]): void {
  if (batch.state.pullsSince === null) batch.apply({ kind: 'pulls', since: batch.moment.time })
  const together: Map<string, { repository: RepositoryName; time: number; digests: Digest[] }> =
    new Map()
  for (const { repository, digest, at } of pulls) {
    const time = Math.max(0, at - (at % hourMs))
    const stored = batch.state.repositories.get(repository)?.manifests.get(digest)
    if (stored === undefined || stored.pulledHour * hourMs >= time) continue
    const key = `${time} ${repository}`
    const same = together.get(key)
    if (same === undefined) together.set(key, { repository, time, digests: [digest] })
    else same.digests.push(digest)
  }
  for (const effect of together.values()) batch.apply({ kind: 'pulled', ...effect })
}

/**
 * Decides which key counts for a digest: the first, until nothing names the digest or its bytes are
 * missing. One that lost is noted, so that its bytes are deleted even if its caller dies.
 *
 * @throws RegistryError `unavailable` when the key was condemned or is known to be missing: its bytes
 *   may be gone, and the caller has to bring others.
 */
function decideKey(batch: Batch, blob: BlobRef): BlobRef {
  const { leftovers, holdings } = batch.state
  leftovers.settle(blob.digest, batch)
  const holding = holdings.get(blob.digest)
  if (holding !== undefined && !holding.isMissing) {
    if (!holding.hasKey(blob.key)) batch.apply({ kind: 'stored', blob })
    return holding.ref
  }
  if (holdings.condemned.has(blob.key) || holding?.hasKey(blob.key)) {
    const cause = new Error(`the key ${blob.key} of ${blob.digest} does not count any more`)
    throw new RegistryError('unavailable', { cause })
  }
  return blob
}

/** The digests that are required and not there. */
function missingOf(
  repository: Repository | undefined,
  requires: ManifestChange['requires'],
): readonly Digest[] {
  const missing: Set<Digest> = new Set()
  for (const { digest, kind } of requires) {
    const isThere =
      repository !== undefined &&
      (repository.blob(digest) !== null ||
        (kind === 'manifest' && repository.manifest(digest) !== null))
    if (!isThere) missing.add(digest)
  }
  return [...missing]
}

/** The end of a lease that begins now, in the store's own time. */
export function leaseEnd({ now }: Moment, leaseMs: number): number {
  return Math.min(now + Math.ceil(leaseMs), Number.MAX_SAFE_INTEGER)
}
