import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type {
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  TagExpectation,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import { encodeEffect } from './effect-text.ts'
import type { Holding, Repository } from './repository.ts'

/** Makes a blob readable in a repository; returns the reference that counts. */
export function linkBlob(
  batch: Batch,
  repository: RepositoryName,
  blob: BlobRef,
  keepUntil: number,
): BlobRef {
  const winner = winnerOf(batch, blob)
  batch.apply({ kind: 'link', repository, blob: winner, keepUntil })
  return winner
}

/** Makes a blob of one repository readable in another; null when the one does not have it. */
export function mountBlob(
  batch: Batch,
  from: RepositoryName,
  to: RepositoryName,
  digest: Digest,
  keepUntil: number,
): BlobRef | null {
  const blob = batch.state.repositories.get(from)?.blob(digest) ?? null
  if (blob !== null) batch.apply({ kind: 'link', repository: to, blob, keepUntil })
  return blob
}

/** Takes a blob out of a repository; false when it was not there. */
export function unlinkBlob(batch: Batch, repository: RepositoryName, digest: Digest): boolean {
  const there = batch.state.repositories.get(repository)?.blob(digest)
  if (!there) return false
  batch.apply({ kind: 'unlink', repository, digest })
  return true
}

/** Records a manifest with its tags, if what is expected and required holds. */
export function putManifest(
  batch: Batch,
  name: RepositoryName,
  change: ManifestChange,
): ManifestOutcome {
  const { record, tags, requires, expect } = change
  const repository = batch.state.repositories.get(name)
  if (expect !== undefined && !isAsExpected(current(repository, record.digest, tags), expect)) {
    return { kind: 'conflict' }
  }
  const missing: Set<Digest> = new Set()
  for (const { digest, kind } of requires) {
    const there =
      repository?.blob(digest) || (kind === 'manifest' && repository?.manifests.has(digest))
    if (!there) missing.add(digest)
  }
  if (missing.size > 0) return { kind: 'missing', digests: [...missing] }

  const recorded = { ...record, blob: winnerOf(batch, record.blob) }
  if (!isSame(name, repository?.manifests.get(record.digest), recorded)) {
    batch.apply({ kind: 'manifest', repository: name, record: recorded })
  }
  batch.apply({ kind: 'tag', repository: name, digest: record.digest, tags })
  return { kind: 'stored' }
}

/** Removes a manifest and its tags; false when it was not there. */
export function deleteManifest(batch: Batch, name: RepositoryName, digest: Digest): boolean {
  const repository = batch.state.repositories.get(name)
  if (!repository?.manifests.has(digest)) return false
  for (const tag of [...(repository.tagsOf.get(digest) ?? [])]) {
    batch.apply({ kind: 'untag', repository: name, tag })
  }
  batch.apply({ kind: 'unmanifest', repository: name, digest })
  return true
}

/** Removes a tag; false when it was not there. */
export function deleteTag(batch: Batch, repository: RepositoryName, tag: Tag): boolean {
  if (!batch.state.repositories.get(repository)?.tags.has(tag)) return false
  batch.apply({ kind: 'untag', repository, tag })
  return true
}

/** What one step of {@link condemn} found. */
export interface Condemned {
  readonly blobs: readonly BlobRef[]
  /** Whether there is more to take out. */
  readonly more: boolean
}

/** Links taken out in one step, so that a large collection never holds the others up. */
const linksPerStep = 1000

/** Takes links out whose leases are over, and returns up to `limit` blobs nobody holds. */
export function condemn(batch: Batch, before: number, limit: number): Condemned {
  const { leases, orphans } = batch.state
  for (let step = 0; orphans.size < limit && step < linksPerStep; step += 1) {
    const link = leases.first()
    if (link === undefined || link.keepUntil >= before) break
    batch.apply({ kind: 'unlink', repository: link.repository.name, digest: link.digest })
  }
  const found: Holding[] = []
  for (const orphan of orphans) {
    if (found.length >= limit) break
    found.push(orphan)
  }
  // To the end, so that bytes that cannot be deleted do not stand in the way of others.
  for (const orphan of found) {
    orphans.delete(orphan)
    orphans.add(orphan)
  }
  const blobs = found.flatMap(({ ref }) => ref ?? [])
  const next = leases.first()
  return { blobs, more: next !== undefined && next.keepUntil < before }
}

/** Ends a condemned blob, unless something holds it again or its bytes are elsewhere by now. */
export function forget(batch: Batch, blob: BlobRef): void {
  const holding = batch.state.holdings.get(blob.digest)
  if (holding === undefined || !batch.state.orphans.has(holding)) return
  if (holding.ref?.key !== blob.key) return
  batch.apply({ kind: 'forget', digest: blob.digest })
}

/**
 * The reference that counts. Bytes that nobody holds may be on their way out: those that just came
 * count instead.
 */
function winnerOf(batch: Batch, blob: BlobRef): BlobRef {
  const holding = batch.state.holdings.get(blob.digest)
  const isHeld = holding !== undefined && !batch.state.orphans.has(holding)
  return (isHeld ? holding.ref : null) ?? blob
}

/** What an expectation is held against: the first tag, or the manifest when there is none. */
function current(
  repository: Repository | undefined,
  digest: Digest,
  tags: readonly Tag[],
): Digest | undefined {
  const [tag] = tags
  if (tag !== undefined) return repository?.tags.get(tag)
  return repository?.manifests.has(digest) ? digest : undefined
}

function isAsExpected(digest: Digest | undefined, expect: TagExpectation): boolean {
  const { match, noneMatch } = expect
  if (match !== undefined && (digest === undefined || !names(match, digest))) return false
  return noneMatch === undefined || digest === undefined || !names(noneMatch, digest)
}

function names(digests: readonly string[], digest: Digest): boolean {
  return digests.includes('*') || digests.includes(digest)
}

/** Whether recording `after` over `before` would change nothing. */
function isSame(
  repository: RepositoryName,
  before: ManifestRecord | undefined,
  after: ManifestRecord,
): boolean {
  if (before === undefined) return false
  const text = encodeEffect({ kind: 'manifest', repository, record: before })
  return text === encodeEffect({ kind: 'manifest', repository, record: after })
}
