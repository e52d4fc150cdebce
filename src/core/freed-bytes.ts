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

/** What goes with manifests, or with a repository. Null where it is not known. */
export interface FreedBytes {
  readonly freedBytes: number | null
  /** The same if no other repository had any of it. */
  readonly ownBytes: number | null
}

/** Where it would take too long to find out. */
export const unknownBytes: FreedBytes = { freedBytes: null, ownBytes: null }

/** What is free in the end if manifests of a repository go. */
export function freedByManifests(
  going: ReadonlyMap<Digest, ManifestEntry>,
  uses: ReadonlyMap<Digest, DigestUse>,
): FreedBytes {
  const namings = namingsBy(going.values())
  const goes: DigestUse[] = []
  for (const [digest, use] of uses) {
    if (use.isManifest && !going.has(digest)) continue
    if (use.isBlob && use.namedBy > (namings.get(digest) ?? 0)) continue
    goes.push(use)
  }
  return sumOf(goes)
}

function sumOf(goes: Iterable<DigestUse>): FreedBytes {
  let freedBytes: number | null = 0
  let ownBytes = 0
  for (const { size, isElsewhere } of goes) {
    ownBytes += size
    if (isElsewhere === null) freedBytes = null
    else if (!isElsewhere && freedBytes !== null) freedBytes += size
  }
  return { freedBytes, ownBytes }
}

/** What is free in the end if a repository goes; not known where it has more than `most` blobs and manifests. */
export async function freedByRepository(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  most: number,
): Promise<FreedBytes> {
  const counts = await metadata.countRepository(repository)
  if (counts === null) return { freedBytes: 0, ownBytes: 0 }
  if (counts.blobs + counts.manifests > most) return unknownBytes
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
  return uses === null ? unknownBytes : sumOf(uses.values())
}
