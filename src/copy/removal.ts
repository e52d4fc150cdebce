import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { type CopyDeps, inSlot } from './copy-deps.ts'
import { inParallel } from './in-parallel.ts'
import { sideBySide } from './lists.ts'

/** Removes manifests of the target that the source does not have, once no tag of the source stands for them. */
export async function removeManifests(deps: CopyDeps, name: RepositoryName): Promise<void> {
  const { lists, to, tally, gone, leaseMs, concurrency } = deps
  const pairs = sideBySide(
    lists.from.manifests(name),
    lists.to.manifests(name),
    ({ digest }: ManifestRecord) => digest,
  )
  await inParallel(pairs, concurrency, async ({ from, to: record }) => {
    if (from !== null || record === null || gone.has(record.digest)) return
    await inSlot(deps, async () => {
      const removed = await to.metadata.deleteManifest(name, record.digest, { leaseMs })
      if (removed !== null) tally.removed('manifest')
    })
  })
}

/** Takes blobs out of a repository of the target that the source does not have. */
export async function removeBlobs(deps: CopyDeps, name: RepositoryName): Promise<void> {
  const { lists, to, tally, gone, concurrency } = deps
  const pairs = sideBySide(
    lists.from.blobs(name),
    lists.to.blobs(name),
    ({ digest }: BlobRef) => digest,
  )
  await inParallel(pairs, concurrency, async ({ from, to: blob }) => {
    if (from !== null || blob === null || gone.has(blob.digest)) return
    await inSlot(deps, async () => {
      const removal = await to.metadata.unlinkBlob(name, blob.digest)
      if (removal === 'removed') tally.removed('blob')
    })
  })
}
