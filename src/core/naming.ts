import type { BlobRef } from '../ports/blob-store.ts'
import type { CoreDeps } from './deps.ts'
import { isThere, noteMissing } from './missing-bytes.ts'

/**
 * Gives committed bytes a name, by `name`, which returns the reference that counts, or null where it
 * refuses them. Where another key counts, these bytes go, unless the others turn out to be missing:
 * then these replace them.
 *
 * When `name` throws, the bytes stay: it may have been carried out all the same. Bytes that never got a
 * name are swept later.
 */
export async function nameBytes(
  deps: CoreDeps,
  blob: BlobRef,
  name: () => Promise<BlobRef | null>,
): Promise<void> {
  let counts = await name()
  if (counts !== null && counts.key !== blob.key && !(await isThere(deps, counts))) {
    await noteMissing(deps, counts, 'the bytes are missing, or not as long as they were')
    counts = await name()
  }
  if (counts?.key !== blob.key) await dropBytes(deps, blob)
}

/** Deletes bytes that have no name. A failure leaves them to the sweep. */
export async function dropBytes(deps: CoreDeps, blob: BlobRef): Promise<void> {
  try {
    await deps.blobs.delete(blob)
  } catch (error) {
    deps.onNotice({
      kind: 'background-failure',
      task: 'deleting bytes without a name',
      error,
      retried: true,
    })
  }
}
