import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type {
  BlobDeletion,
  BlobRemoval,
  KeptManifest,
  ManifestDeletion,
  RemovedManifest,
  RepositoryCounts,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import { countsOf, leaseEnd, noteUntagged } from './changes.ts'
import { namesAfter } from './name-list.ts'
import type { TagCheck } from './tag-check.ts'

/** Tags that are named when their manifest is deleted; the rest is counted. */
const namedTags = 1000

/** Takes a blob out of a repository; with `keepNamed`, only where no manifest of it names the blob. */
export function unlinkBlob(
  batch: Batch,
  repository: RepositoryName,
  digest: Digest,
  { keepNamed = false }: BlobDeletion = {},
): BlobRemoval {
  const link = batch.state.repositories.get(repository)?.links.get(digest)
  if (!link?.holding) return 'absent'
  if (keepNamed && link.references > 0) return 'named'
  batch.apply({ kind: 'unlink', repository, digest })
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
  { leaseMs }: Pick<ManifestDeletion, 'leaseMs'>,
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
  const { tagCount } = stored
  const tags = namesAfter(stored.tags, undefined, namedTags)
  const keepUntil = leaseEnd(batch.moment, leaseMs)
  batch.apply({ kind: 'unmanifest', repository: name, digest, keepUntil })
  return { kind: 'removed', record, tags, tagCount }
}

/** Removes a tag; what it stood for, or null when it was not there. */
export function deleteTag(batch: Batch, repository: RepositoryName, tag: Tag): Digest | null {
  const target = batch.state.repositories.get(repository)?.tags.target(tag)
  if (target === undefined) return null
  batch.apply({ kind: 'untag', repository, tag })
  noteUntagged(batch, repository, target)
  return target.digest
}

/** Removes a repository; what it held, or null when it was not there. */
export function deleteRepository(batch: Batch, name: RepositoryName): RepositoryCounts | null {
  const repository = batch.state.repositories.get(name)
  if (repository === undefined) return null
  const counts = countsOf(repository)
  batch.apply({ kind: 'unrepository', repository: name })
  return counts
}

/** Removes up to `limit` repositories that hold nothing; their names. */
export function deleteEmptyRepositories(
  batch: Batch,
  limit: number,
  among?: readonly RepositoryName[],
): readonly RepositoryName[] {
  const { repositories, emptyRepositories } = batch.state
  const found = among?.flatMap((name) => repositories.get(name) ?? []) ?? emptyRepositories
  const names: RepositoryName[] = []
  for (const repository of found) {
    if (!emptyRepositories.has(repository)) continue
    if (names.length >= limit) break
    names.push(repository.name)
    batch.apply({ kind: 'unrepository', repository: repository.name })
  }
  return names
}
