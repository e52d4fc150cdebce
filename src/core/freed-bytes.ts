import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { DigestUse, ManifestEntry, MetadataStore, Page } from '../ports/metadata-store.ts'
import { manifestsOf, usesOf } from './digest-use.ts'
import { everyItem } from './paging.ts'

/** How often the manifests name each digest. */
export function namingsBy(going: Iterable<ManifestEntry>): ReadonlyMap<Digest, number> {
  const namings: Map<Digest, number> = new Map()
  for (const { record } of going) {
    for (const digest of record.references) namings.set(digest, (namings.get(digest) ?? 0) + 1)
  }
  return namings
}

/** What is free in the end if manifests of a repository go; null where it is not known. */
export function freedByManifests(
  going: ReadonlyMap<Digest, ManifestEntry>,
  uses: ReadonlyMap<Digest, DigestUse>,
): number | null {
  const namings = namingsBy(going.values())
  let bytes = 0
  for (const [digest, { size, isBlob, isManifest, namedBy, isElsewhere }] of uses) {
    if (isElsewhere === true) continue
    if (isManifest && !going.has(digest)) continue
    if (isBlob && namedBy > (namings.get(digest) ?? 0)) continue
    if (isElsewhere === null) return null
    bytes += size
  }
  return bytes
}

/** What is free in the end if a repository goes; null where it has more than `most` blobs and manifests. */
export async function freedByRepository(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  most: number,
): Promise<number | null> {
  const counts = await metadata.countRepository(repository)
  if (counts === null) return 0
  if (counts.blobs + counts.manifests > most) return null
  const digests: Set<Digest> = new Set()
  const blobs = everyItem(async (page): Promise<Page<{ digest: Digest }>> => {
    signal.throwIfAborted()
    return (await metadata.listBlobs(repository, page)) ?? { items: [], more: false }
  })
  for await (const { digest } of blobs) digests.add(digest)
  for await (const { record } of manifestsOf(metadata, signal, repository)) {
    digests.add(record.digest)
  }
  const uses = await usesOf(metadata, signal, repository, [...digests])
  if (uses === null) return null
  let bytes = 0
  for (const { size, isElsewhere } of uses.values()) {
    if (isElsewhere === null) return null
    if (!isElsewhere) bytes += size
  }
  return bytes
}
