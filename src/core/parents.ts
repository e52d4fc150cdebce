import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Parents } from '../ports/browsing-reads.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import { previewed } from './deletion-preview.ts'
import { findEntry, usesOf } from './digest-use.ts'
import { parentsOf } from './left-behind.ts'

/** Manifests that are looked at where the store cannot tell how many name one. */
const mostLookedAt = 1000

/**
 * The manifests that name one. A store that can tell how many there are is looked through until they are found, and not
 * at all where there are none; of another only the first manifests.
 *
 * @throws what the signal aborts with.
 */
export async function findParents(
  metadata: MetadataStore,
  signal: AbortSignal,
  repository: RepositoryName,
  digest: Digest,
): Promise<Parents> {
  if (metadata.useOfDigests === undefined) {
    const page = await metadata.listManifests(repository, { limit: mostLookedAt })
    const named = (page?.items ?? []).filter(({ record }) => record.references.includes(digest))
    return { items: named.map(previewed), count: page?.more === true ? null : named.length }
  }
  const entry = await findEntry(metadata, repository, digest)
  if (entry === null) return { items: [], count: 0 }
  const uses = await usesOf(metadata, signal, repository, [digest])
  const going = new Map([[digest, entry]])
  const { named, count } = await parentsOf(metadata, signal, repository, going, uses)
  return { items: named.map(previewed), count }
}
