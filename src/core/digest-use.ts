import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { DigestUse, ManifestEntry, MetadataStore, Page } from '../ports/metadata-store.ts'
import { everyItem } from './paging.ts'
import { Slices } from './slices.ts'

/** Digests that a store is asked about at once. */
const askedTogether = 1000
/** Manifests of a registry that are looked at where the store cannot tell. */
const mostLookedAt = 20_000

type Uses = ReadonlyMap<Digest, DigestUse>

/**
 * What a repository, and all others, have to do with some digests: those it has, by digest. Null where the store cannot
 * tell, and the registry has too many manifests to look at.
 */
export async function usesOf(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<Uses | null> {
  if (metadata.useOfDigests === undefined) return usesInLists(metadata, signal, repository, digests)
  const uses: Map<Digest, DigestUse> = new Map()
  const slices = new Slices()
  for (let at = 0; at < digests.length; at += askedTogether) {
    signal.throwIfAborted()
    const lot = digests.slice(at, at + askedTogether)
    for (const [index, use] of (await metadata.useOfDigests(repository, lot)).entries()) {
      const digest = lot[index]
      if (use !== null && digest !== undefined) uses.set(digest, use)
    }
    await slices.next()
  }
  return uses
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

async function usesInLists(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<Uses | null> {
  const uses: Map<Digest, Mutable<DigestUse>> = new Map()
  for (const digest of digests) {
    const blob = await metadata.findBlob(repository, digest)
    const manifest = await metadata.findManifest(repository, digest)
    const size = blob?.size ?? manifest?.size
    if (size === undefined) continue
    const isThere = { isBlob: blob !== null, isManifest: manifest !== null }
    uses.set(digest, { size, ...isThere, namedBy: 0, isElsewhere: false })
  }
  let looked = 0
  const slices = new Slices()
  for await (const name of everyItem((page) => metadata.listRepositories(page))) {
    for await (const { record } of manifestsOf(metadata, signal, name)) {
      looked += 1
      if (looked > mostLookedAt) return null
      await slices.next()
      if (name !== repository) {
        const same = uses.get(record.digest)
        if (same !== undefined) same.isElsewhere = true
      }
      for (const digest of record.references) {
        const use = uses.get(digest)
        if (use === undefined) continue
        if (name === repository) use.namedBy += 1
        else use.isElsewhere ||= (await metadata.findBlob(name, digest)) !== null
      }
    }
  }
  return uses
}

/** Every manifest of a repository; none where there is no such repository. */
export function manifestsOf(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
): AsyncIterable<ManifestEntry> {
  return everyItem(async (page): Promise<Page<ManifestEntry>> => {
    signal.throwIfAborted()
    return (await metadata.listManifests(repository, page)) ?? { items: [], more: false }
  })
}

/** A manifest with its tags; null where the repository does not have it. */
export async function findEntry(
  metadata: MetadataStore,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestEntry | null> {
  // Of digests that are the same but for the last digit there are as many as digits.
  const page = await metadata.listManifests(repository, { after: digest.slice(0, -1), limit: 16 })
  return page?.items.find(({ record }) => record.digest === digest) ?? null
}
