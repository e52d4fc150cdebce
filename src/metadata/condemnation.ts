import type { BlobRef } from '../ports/blob-store.ts'
import type { Batch } from './batch.ts'

/** What one step of {@link condemn} found. */
export interface Condemned {
  readonly blobs: readonly BlobRef[]
  /** Whether there is more to take out. */
  readonly more: boolean
}

/** Links taken out in one step, so that a large collection never holds the others up. */
const linksPerStep = 1000

/** The store's own time is noted at least so often by collections, in milliseconds. */
const timeStep = 60_000

/** Takes links out whose leases are over, and returns up to `limit` blobs that nothing names. */
export function condemn(batch: Batch, limit: number): Condemned {
  const { now } = batch.moment
  const { links, holdings, leftovers } = batch.state
  const { leases } = links
  const { trash } = holdings
  batch.noteTime(timeStep)
  const enough = trash.size + limit
  for (let step = 0; trash.size < enough && step < linksPerStep; step += 1) {
    const link = leases.first()
    if (link === undefined || link.keepUntil > now) break
    const { repository, digest } = link
    if (repository.isDeleted) leftovers.settle(digest, batch)
    else batch.apply({ kind: 'unlink', repository: repository.name, digest })
  }
  const blobs: BlobRef[] = []
  for (const blob of trash.values()) {
    if (blobs.length >= limit) break
    blobs.push(blob)
  }
  // To the end, so that bytes that cannot be deleted do not stand in the way of others.
  for (const blob of blobs) {
    trash.delete(blob.key)
    trash.set(blob.key, blob)
  }
  const next = leases.first()
  return { blobs, more: next !== undefined && next.keepUntil <= now }
}
