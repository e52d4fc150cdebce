import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { PreviewedReferrer } from '../ports/browsing-reads.ts'
import type { DigestUse, ManifestEntry, MetadataStore } from '../ports/metadata-store.ts'
import { findEntry, manifestsOf } from './digest-use.ts'
import { namingsBy } from './freed-bytes.ts'
import { Slices } from './slices.ts'

/** Manifests and tags that a list of a preview names. */
export const mostNamed = 1000
/** Manifests that are looked at for one list. */
const mostLookedAt = 20_000
/** A page of referrers, in bytes. */
const referrersBytes = 256 * 1024

/** Some of what is left behind, and how many there are; null where that would take too long to find out. */
interface LeftBehind<T> {
  readonly named: readonly T[]
  readonly count: number | null
}

type Going = ReadonlyMap<Digest, ManifestEntry>
type Uses = ReadonlyMap<Digest, DigestUse> | null

/** Manifests that stay and whose subject goes. */
export async function referrersOf(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  going: Going,
): Promise<LeftBehind<PreviewedReferrer>> {
  const slices = new Slices()
  const named: PreviewedReferrer[] = []
  let count = 0
  for (const subject of going.keys()) {
    for (let after: string | undefined; ; ) {
      signal.throwIfAborted()
      const request = { maxBytes: referrersBytes, ...(after === undefined ? {} : { after }) }
      const page = await metadata.listReferrers(repository, subject, request)
      for (const { digest, artifactType } of page.items) {
        if (going.has(digest)) continue
        count += 1
        if (named.length === mostNamed) continue
        named.push({ digest, ...(artifactType === undefined ? {} : { artifactType }) })
      }
      after = page.items.at(-1)?.digest
      if (!page.more || after === undefined) break
      if (count > mostLookedAt) return { named, count: null }
      await slices.next()
    }
    await slices.next()
  }
  return { named, count }
}

/** Indexes that stay and name a manifest that goes. */
export async function parentsOf(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  going: Going,
  uses: Uses,
): Promise<LeftBehind<ManifestEntry>> {
  if (uses === null) return { named: [], count: null }
  const namings = namingsBy(going.values())
  // How often manifests that stay name those that go: where all are found, there is no need to look on.
  let left = 0
  for (const digest of going.keys()) {
    left += (uses.get(digest)?.namedBy ?? 0) - (namings.get(digest) ?? 0)
  }
  const named: ManifestEntry[] = []
  let [count, looked] = [0, 0]
  if (left <= 0) return { named, count }
  const slices = new Slices()
  for await (const entry of manifestsOf(metadata, signal, repository)) {
    looked += 1
    if (looked > mostLookedAt) return { named, count: null }
    await slices.next()
    const { digest, references } = entry.record
    if (going.has(digest)) continue
    const names = references.filter((reference) => going.has(reference)).length
    if (names === 0) continue
    left -= names
    count += 1
    if (named.length < mostNamed) named.push(entry)
    if (left <= 0) break
  }
  return { named, count }
}

/**
 * Manifests that stay, have no tag, and were named by those that go alone.
 *
 * @param tags tags that go though their manifest stays, by that
 */
export async function childrenOf(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  going: Going,
  uses: Uses,
  tags: ReadonlyMap<Digest, readonly Tag[]>,
): Promise<LeftBehind<ManifestEntry>> {
  if (uses === null) return { named: [], count: null }
  const slices = new Slices()
  const named: ManifestEntry[] = []
  let [count, looked] = [0, 0]
  for (const [digest, namings] of namingsBy(going.values())) {
    const use = uses.get(digest)
    if (use?.isManifest !== true || going.has(digest) || use.namedBy > namings) continue
    signal.throwIfAborted()
    looked += 1
    if (looked > mostLookedAt) return { named, count: null }
    await slices.next()
    const entry = await findEntry(metadata, repository, digest)
    if (entry === null || entry.tagCount > (tags.get(digest)?.length ?? 0)) continue
    count += 1
    if (named.length < mostNamed) named.push(entry)
  }
  return { named, count }
}
