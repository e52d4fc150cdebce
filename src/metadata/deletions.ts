import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type {
  BlobDeletion,
  BlobRemoval,
  DeletionOptions,
  KeptManifest,
  ManifestDeletion,
  RemovedManifest,
  RepositoryCounts,
  RepositoryDeletion,
  TagDeletion,
  Telling,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import { leaseEnd, noteUntagged } from './changes.ts'
import { countsOf } from './counts.ts'
import { namesAfter } from './name-list.ts'
import { tellOf } from './outbox-changes.ts'
import type { Repository } from './repository.ts'
import type { TagCheck } from './tag-check.ts'
import type { TrashTerm } from './trash-entries.ts'

/** Tags that are named when their manifest is deleted; the rest is counted. */
const namedTags = 1000

/** Takes a blob out of a repository; with `keepNamed`, only where no manifest of it names the blob. */
export function unlinkBlob(
  batch: Batch,
  repository: RepositoryName,
  digest: Digest,
  { keepNamed = false, tell, ...options }: BlobDeletion = {},
): BlobRemoval {
  const link = batch.state.repositories.get(repository)?.links.get(digest)
  if (!link?.holding) return 'absent'
  if (keepNamed && link.references > 0) return 'named'
  batch.apply({ kind: 'unlink', repository, digest, ...termOf(batch, options) })
  tellOf(batch, repository, tell, 'removed')
  return 'removed'
}

/**
 * Removes a manifest and its tags; null when it was not there.
 *
 * @param check whether an immutable tag keeps it; null where none can
 */
export function deleteManifest(
  batch: Batch,
  name: RepositoryName,
  digest: Digest,
  { leaseMs, notSince, unlessHas, tell, ...options }: Omit<ManifestDeletion, 'isImmutable'>,
  check: TagCheck | null = null,
): RemovedManifest | KeptManifest | 'unchecked' | null {
  const repository = batch.state.repositories.get(name)
  const stored = repository?.manifests.get(digest)
  const record = stored?.record ?? null
  if (repository === undefined || stored === undefined || record === null) return null
  if (check !== null) {
    const tag = check.keeping(repository, stored)
    if (tag === 'unchecked') return tag
    const isNamed = (repository.links.get(digest)?.references ?? 0) > 0
    if (tag !== null || isNamed) return { kind: 'kept', tag: tag?.tag ?? null }
  }
  const since = Math.max(stored.pushedAt, stored.untaggedAt ?? 0)
  if (notSince !== undefined && since >= notSince) return { kind: 'kept', tag: null, since }
  const has = firstThere(repository, unlessHas)
  if (has !== undefined) return { kind: 'kept', tag: null, has }
  const { tagCount } = stored
  const tags = namesAfter(stored.tags, undefined, namedTags)
  const keepUntil = leaseEnd(batch.moment, leaseMs)
  const term = termOf(batch, options)
  batch.apply({ kind: 'unmanifest', repository: name, digest, keepUntil, ...term })
  const outcome = { kind: 'removed' as const, record, tags, tagCount }
  tellOf(batch, name, tell, outcome)
  return outcome
}

/** Removes a tag; what it stood for, or null when it was not there, or not as the options expect it. */
export function deleteTag(
  batch: Batch,
  name: RepositoryName,
  tag: Tag,
  { expect, notSince, unlessHas, tell, ...options }: TagDeletion = {},
): Digest | null {
  const repository = batch.state.repositories.get(name)
  if (repository === undefined) return null
  const { tags } = repository
  const target = tags.target(tag)
  if (target === undefined || (expect !== undefined && target.digest !== expect)) return null
  const updatedAt = tags.entry(tag)?.updatedAt ?? 0
  if (notSince !== undefined && updatedAt >= notSince) return null
  if (firstThere(repository, unlessHas) !== undefined) return null
  batch.apply({ kind: 'untag', repository: name, tag, ...termOf(batch, options) })
  noteUntagged(batch, name, target)
  tellOf(batch, name, tell, target.digest)
  return target.digest
}

/** The first of some manifests that the repository has, as readers find them. */
function firstThere(repository: Repository, digests: readonly Digest[] = []): Digest | undefined {
  return digests.find((digest) => repository.manifest(digest) !== null)
}

/** Removes a repository; what it held, or null when it was not there. */
export function deleteRepository(
  batch: Batch,
  name: RepositoryName,
  { tell, ...options }: RepositoryDeletion = {},
): RepositoryCounts | null {
  const repository = batch.state.repositories.get(name)
  if (repository === undefined) return null
  const counts = countsOf(repository)
  batch.apply({ kind: 'unrepository', repository: name, ...termOf(batch, options) })
  tellOf(batch, name, tell, counts)
  return counts
}

/** How long a deletion can be taken back, and under which id; nothing where it cannot. */
function termOf(
  { state, moment }: Batch,
  { trashMs = 0 }: DeletionOptions,
): { readonly trash?: TrashTerm } {
  if (!(trashMs > 0)) return {}
  const id = state.trash.numbers.next(moment.time)
  return { trash: { id, deletedAt: moment.time, keepUntil: leaseEnd(moment, trashMs) } }
}

/** Removes up to `limit` repositories that hold nothing; their names. */
export function deleteEmptyRepositories(
  batch: Batch,
  limit: number,
  among?: readonly RepositoryName[],
  { tell }: Telling<RepositoryName> = {},
): readonly RepositoryName[] {
  const { repositories, emptyRepositories } = batch.state
  const found = among?.flatMap((name) => repositories.get(name) ?? []) ?? emptyRepositories
  const names: RepositoryName[] = []
  for (const repository of found) {
    if (!emptyRepositories.has(repository)) continue
    if (names.length >= limit) break
    names.push(repository.name)
    batch.apply({ kind: 'unrepository', repository: repository.name })
    tellOf(batch, repository.name, tell, repository.name)
  }
  return names
}

/** Ends up to `limit` entries of the trash before their time; how many. */
export function dropTrash(batch: Batch, ids: readonly string[] | 'all', limit: number): number {
  const { trash } = batch.state
  const named = ids === 'all' ? trash.ids.page(undefined, limit).items : [...new Set(ids)]
  const ended = named.filter((id) => trash.has(id)).slice(0, limit)
  for (const id of ended) batch.apply({ kind: 'untrash', id })
  return ended.length
}
