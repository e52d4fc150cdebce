import type { BlobRef, StoredBytes } from '../ports/blob-store.ts'
import { callContext } from './call-context.ts'
import { deleteEmpty } from './conditional-deletes.ts'
import type { CoreDeps } from './deps.ts'
import { dropBytes } from './naming.ts'

/** What a collection did. */
export interface GarbageReport {
  /** Blobs whose bytes were deleted. */
  readonly blobs: number
  /** Their size together, in bytes. */
  readonly bytes: number
  /** Empty repositories that were dropped. */
  readonly repositories: number
}

/** How a collection is done. */
export interface GarbageOptions {
  /** Also drop repositories that hold nothing. Default: false. */
  readonly emptyRepositories?: boolean
  /** Ends it after the step under way; what was freed until then stays freed. */
  readonly signal?: AbortSignal
  /** Told after each step what was freed so far. */
  readonly onProgress?: (freed: GarbageReport) => void
}

/** What a sweep did. */
export interface SweepReport {
  /** Keys that were looked at. */
  readonly looked: number
  /** Keys whose bytes were deleted, since no name points at them. */
  readonly swept: number
  /** Their size together, in bytes. */
  readonly bytes: number
}

/** Keys that a sweep asks about at once: some stores look through all their names for each lot. */
const askedTogether = 5000
/** Bytes that a sweep deletes at once. */
const deletedTogether = 16
/** Blobs condemned in one step, so that a large collection never holds the metadata up. */
const batch = 100

/**
 * Deletes the bytes of blobs that no manifest names and whose leases are over, and says in one notice what was freed.
 * Safe beside pushes, in this process and in others: a key is used once, and a condemned key is never named again.
 *
 * @throws what `signal` aborts with.
 */
export async function collectGarbage(
  deps: CoreDeps,
  options: GarbageOptions = {},
): Promise<GarbageReport> {
  const began = deps.clock()
  const freed = { blobs: 0, bytes: 0, repositories: 0 }
  let isComplete = false
  try {
    await freeBytes(deps, options, freed)
    if (options.emptyRepositories === true) await dropEmptyRepositories(deps, options, freed)
    isComplete = true
  } finally {
    const ms = Math.round(deps.clock() - began)
    deps.onNotice({ kind: 'garbage-collected', ...freed, ms, isComplete })
  }
  return freed
}

/** What was freed so far. */
type Freed = { -readonly [K in keyof GarbageReport]: GarbageReport[K] }

/** The deletions of a step go together, so that they share the syncs of folder and journal. */
async function freeBytes(
  { blobs, metadata }: CoreDeps,
  { signal, onProgress }: GarbageOptions,
  freed: Freed,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted()
    const condemned = await metadata.condemn(batch)
    const results = await Promise.allSettled(
      condemned.map(async (blob) => {
        const deleted = await blobs.delete(blob)
        await metadata.forget(blob)
        if (!deleted) return
        freed.blobs += 1
        freed.bytes += blob.size
      }),
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    onProgress?.({ ...freed })
    if (condemned.length < batch) return
  }
}

async function dropEmptyRepositories(
  deps: CoreDeps,
  { signal, onProgress }: GarbageOptions,
  freed: Freed,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted()
    const dropped = await deleteEmpty(deps, callContext(), batch)
    freed.repositories += dropped.length
    onProgress?.({ ...freed })
    if (dropped.length < batch) return
  }
}

/**
 * Has the blob store give back room that deleted blobs still take, and the names follow the blobs it
 * moves. Returns how many bytes were given back.
 */
export async function compactBytes(deps: CoreDeps): Promise<number> {
  const { blobs, metadata } = deps
  const move = async (from: BlobRef, to: BlobRef): Promise<void> => {
    const isMoved = await metadata.relocate(from, to)
    await dropBytes(deps, isMoved ? from : to)
  }
  return (await blobs.compact?.(move)) ?? 0
}

/**
 * Deletes bytes that no name points at: what a crash left between the commit of bytes and their name.
 * Bytes committed less than `graceMs` ago are left alone, for their name may be on its way.
 */
export async function sweepBytes(deps: CoreDeps, graceMs: number): Promise<SweepReport> {
  const { blobs, metadata, onNotice } = deps
  // The store stamps commits with the machine's time. Where that leaps ahead, the steady clock decides.
  const before = Math.min(Date.now(), deps.clock()) - graceMs
  let looked = 0
  let swept = 0
  let bytes = 0
  const drop = async (found: StoredBytes): Promise<void> => {
    const { key, size } = found
    if (!(await blobs.delete(found))) return
    swept += 1
    bytes += size
    onNotice({ kind: 'bytes-swept', key, size })
  }
  let old: StoredBytes[] = []
  const look = async (): Promise<void> => {
    const lot = old
    old = []
    const known = await metadata.knowsKeys(lot)
    const unnamed = lot.filter((_, index) => known[index] === false)
    while (unnamed.length > 0) await Promise.all(unnamed.splice(0, deletedTogether).map(drop))
  }
  for await (const found of blobs.list()) {
    looked += 1
    if (found.committedAt > before) continue
    old.push(found)
    if (old.length === askedTogether) await look()
  }
  await look()
  return { looked, swept, bytes }
}
