import type { BlobRef } from '../ports/blob-store.ts'
import type { Batch } from './batch.ts'

/** Notes that bytes are missing; false when their key does not count. */
export function markMissing(batch: Batch, { digest, key }: BlobRef): boolean {
  const { leftovers, holdings } = batch.state
  leftovers.settle(digest, batch)
  if (!holdings.get(digest)?.hasKey(key)) return false
  batch.apply({ kind: 'missing', digest, key })
  return true
}

/** Puts bytes in the place of missing ones; false when those do not count, or are not known to be missing. */
export function healMissing(batch: Batch, from: BlobRef, to: BlobRef): boolean {
  const { leftovers, holdings } = batch.state
  leftovers.settle(from.digest, batch)
  const holding = holdings.get(from.digest)
  if (holding === undefined) return false
  if (!holding.isMissing) return holding.hasKey(to.key)
  if (!holding.hasKey(from.key) || holdings.condemned.has(to.key)) return false
  batch.apply({ kind: 'located', blob: to })
  return true
}

/** Puts another key in the place of one that counts; false when that does not count. */
export function relocate(batch: Batch, from: BlobRef, to: BlobRef): boolean {
  const { leftovers, holdings } = batch.state
  leftovers.settle(from.digest, batch)
  const holding = holdings.get(from.digest)
  if (holding === undefined || holding.readable === null) return false
  if (holding.ref.key === to.key) return true
  if (holding.ref.key !== from.key || holdings.condemned.has(to.key)) return false
  batch.apply({ kind: 'located', blob: to })
  return true
}

/** Forgets bytes that nothing named and that are gone. */
export function forget(batch: Batch, { digest, key }: BlobRef): void {
  batch.state.leftovers.settle(digest, batch)
  batch.apply({ kind: 'forget', digest, key })
}
