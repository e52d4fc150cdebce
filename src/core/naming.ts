import type { RepositoryName } from '../oci/repository-name.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { CoreDeps } from './deps.ts'
import { isThere, type NamingDeps, noteMissing } from './missing-bytes.ts'

/** Names bytes; returns the reference that counts, or null where the bytes are refused. */
export type Name = (blob: BlobRef) => Promise<BlobRef | null>

/**
 * Gives committed bytes a name. Where another key counts, these bytes go; where that key's bytes turn
 * out to be missing, a copy of these replaces them.
 *
 * When `name` throws, the bytes stay: it may have been carried out all the same. Bytes that never got a
 * name are swept later.
 */
export async function nameBytes(deps: NamingDeps, blob: BlobRef, name: Name): Promise<void> {
  const counts = await name(blob)
  if (counts?.key === blob.key) return
  if (counts !== null && !(await isThere(deps, counts))) {
    await noteMissing(deps, counts)
    // A key that lost once is never named again.
    const copy = await copyOf(deps, blob)
    if (copy !== null && (await name(copy))?.key !== copy.key) await dropBytes(deps, copy)
  }
  await dropBytes(deps, blob)
}

/** Names the bytes of an upload, and tells of it; the repository has them for the length of a lease at least. */
export async function nameUpload(
  deps: CoreDeps,
  call: CallContext,
  repository: RepositoryName,
  blob: BlobRef,
): Promise<void> {
  const { metadata, limits } = deps
  const { digest, size } = blob
  const telling = deps.tell<BlobRef>(call, () => [
    { kind: 'blob-pushed', repository, digest, size },
  ])
  let isFirst = true
  await nameBytes(deps, blob, (ref) => {
    // A second call only brings a copy of the bytes.
    const options = isFirst ? telling.options : {}
    isFirst = false
    return metadata.linkBlob(repository, ref, limits.leaseMs, options)
  })
  telling.done(blob)
}

/** The same bytes under another key; null when they are gone. */
async function copyOf(deps: NamingDeps, blob: BlobRef): Promise<BlobRef | null> {
  const { digest, size } = blob
  const open = await deps.blobs.open(blob)
  if (open === null) return null
  const staged = await deps.blobs.stage(newUploadId(), { length: size, digest })
  try {
    const reader = open.stream().getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return await staged.commit(digest)
      await staged.write(value)
    }
  } catch (error) {
    await staged.discard().catch(() => {})
    throw error
  }
}

/** Deletes bytes that have no name. A failure leaves them to the sweep. */
export async function dropBytes(deps: NamingDeps, blob: BlobRef): Promise<void> {
  try {
    await deps.blobs.delete(blob)
    // A key that lost is condemned until its bytes are gone.
    await deps.metadata.forget(blob)
  } catch (error) {
    deps.onNotice({
      kind: 'background-failure',
      task: 'deleting bytes without a name',
      error,
      retried: true,
    })
  }
}
