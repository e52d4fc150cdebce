import { everyItem } from '../core/paging.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestEntry, MetadataStore, Page } from '../ports/metadata-store.ts'
import type { Pace } from './pace.ts'

/** The manifests that go, of each repository. */
export type GoingManifests = ReadonlyMap<RepositoryName, ReadonlySet<Digest>>

/**
 * The bytes that would be free in the end if these manifests went, their trash and leases were over and garbage was
 * collected: what they reach and no manifest that stays reaches, in whichever repository. Each digest counts once.
 * Looks at every manifest of the registry, and remembers what may be freed.
 *
 * @throws what `signal` aborts with.
 */
export async function freedBytes(
  going: GoingManifests,
  metadata: MetadataStore,
  signal: AbortSignal,
  pace: Pace,
): Promise<number> {
  /** By digest; null while it is not known. */
  const sizes: Map<Digest, number | null> = new Map()
  for (const [repository, digests] of going) {
    for await (const { record } of manifestsOf(repository, metadata, signal)) {
      if (pace.isDue) await pace.rest()
      if (!digests.has(record.digest)) continue
      sizes.set(record.digest, record.size)
      for (const digest of record.references) if (!sizes.has(digest)) sizes.set(digest, null)
    }
  }
  if (sizes.size === 0) return 0
  const repositories = everyItem((page) => metadata.listRepositories(page))
  for await (const repository of repositories) {
    const digests = going.get(repository)
    for await (const { record } of manifestsOf(repository, metadata, signal)) {
      if (pace.isDue) await pace.rest()
      if (digests?.has(record.digest)) continue
      sizes.delete(record.digest)
      for (const digest of record.references) sizes.delete(digest)
    }
  }
  for (const repository of going.keys()) {
    for await (const { digest, size } of blobsOf(repository, metadata, signal)) {
      if (pace.isDue) await pace.rest()
      if (sizes.get(digest) === null) sizes.set(digest, size)
    }
  }
  let bytes = 0
  for (const size of sizes.values()) bytes += size ?? 0
  return bytes
}

function manifestsOf(
  repository: RepositoryName,
  metadata: MetadataStore,
  signal: AbortSignal,
): AsyncIterable<ManifestEntry> {
  return everyItem(async (page): Promise<Page<ManifestEntry>> => {
    signal.throwIfAborted()
    return (await metadata.listManifests(repository, page)) ?? { items: [], more: false }
  })
}

function blobsOf(
  repository: RepositoryName,
  metadata: MetadataStore,
  signal: AbortSignal,
): AsyncIterable<BlobRef> {
  return everyItem(async (page): Promise<Page<BlobRef>> => {
    signal.throwIfAborted()
    return (await metadata.listBlobs(repository, page)) ?? { items: [], more: false }
  })
}
