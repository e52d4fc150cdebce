import type { CoreDeps } from './deps.ts'

/** What a collection did. */
export interface GarbageReport {
  /** Blobs whose bytes were deleted. */
  readonly blobs: number
  /** Their size together, in bytes. */
  readonly bytes: number
}

/** Blobs condemned in one step, so that a large collection never holds the metadata up. */
const batch = 100

/**
 * Deletes the bytes of blobs that no manifest names and whose leases are over. Safe beside pushes:
 * what is pushed, mounted or confirmed meanwhile is held, and names go before bytes.
 */
export async function collectGarbage(deps: CoreDeps): Promise<GarbageReport> {
  const { blobs, metadata, locks, clock } = deps
  let count = 0
  let bytes = 0
  for (;;) {
    const condemned = await metadata.condemn(clock(), batch)
    for (const blob of condemned) {
      await locks.exclude(blob.digest, async () => {
        if (await metadata.isHeld(blob)) return
        if (await blobs.delete(blob)) {
          count += 1
          bytes += blob.size
        }
        await metadata.forget(blob)
      })
    }
    if (condemned.length < batch) return { blobs: count, bytes }
  }
}
