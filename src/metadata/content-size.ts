import type { Digest } from '../oci/digest.ts'
import { manifestShape } from '../oci/media-types.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { NewManifestRecord } from '../ports/metadata-store.ts'
import { Repository } from './repository.ts'
import type { State } from './state.ts'
import type { StoredManifest } from './stored-manifest.ts'

/** Digests that are looked at for the size of one manifest. */
const mostLookedAt = 10_000

/**
 * The size of what a manifest names, in bytes, each digest once: for an index also what its manifests name. What the
 * repository does not have does not count. Null where nothing of it is there, or it is too much.
 */
export function contentSizeOf(
  repository: Repository,
  mediaType: string,
  references: readonly Digest[],
): number | null {
  const isIndex = manifestShape(mediaType) === 'index'
  const digests: Set<Digest> = new Set(references)
  let bytes = 0
  let isKnown = references.length === 0
  // A set that grows while it is walked over is walked to its new end.
  for (const digest of digests) {
    if (digests.size > mostLookedAt) return null
    const manifest = isIndex ? repository.manifests.get(digest) : undefined
    const holding = manifest?.holding ?? repository.links.get(digest)?.holding ?? null
    if (holding === null) continue
    isKnown = true
    bytes += holding.size
    for (const reference of manifest?.references ?? []) digests.add(reference)
  }
  return isKnown ? bytes : null
}

/** The record with the size of what it names, where that is known. */
export function sizedRecord(
  { repositories }: State,
  name: RepositoryName,
  record: NewManifestRecord,
): NewManifestRecord {
  if (record.contentSize !== undefined) return record
  const repository = repositories.get(name) ?? new Repository(name)
  const { mediaType, references } = record
  const contentSize = contentSizeOf(repository, mediaType, references)
  return contentSize === null ? record : { ...record, contentSize }
}

/** The same of a manifest that is there, counted once: older versions recorded no sizes. */
export function knownContentSize(repository: Repository, manifest: StoredManifest): number | null {
  const { kind, references, contentSize } = manifest
  if (contentSize !== null) return contentSize
  manifest.countedSize ??= contentSizeOf(repository, kind.mediaType, references) ?? -1
  return manifest.countedSize === -1 ? null : manifest.countedSize
}
