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
/** Entries of the trash that end in one step. Each may name thousands of blobs. */
const entriesPerStep = 20

/** The store's own time is noted at least so often by collections, in milliseconds. */
const timeStep = 60_000

/**
 * Ends entries of the trash that are due, takes links out whose leases are over, and returns up to `limit` blobs
 * that nothing names.
 */
export function condemn(batch: Batch, limit: number): Condemned {
  const { condemned } = batch.state.holdings
  batch.noteTime(timeStep)
  const more = !endEntries(batch) || !takeLinks(batch, condemned.size + limit)
  const blobs: BlobRef[] = []
  for (const blob of condemned.values()) {
    if (blobs.length >= limit) break
    blobs.push(blob)
  }
  // To the end, so that bytes that cannot be deleted do not stand in the way of others.
  for (const blob of blobs) {
    condemned.delete(blob.key)
    condemned.set(blob.key, blob)
  }
  return { blobs, more: more || batch.state.leftovers.isPending }
}

/** Ends some entries that are due; true when none is left. */
function endEntries(batch: Batch): boolean {
  const { due } = batch.state.trash
  for (let step = 0; ; step += 1) {
    const entry = due.first()
    if (entry === undefined || entry.keepUntil > batch.moment.now) return true
    if (step === entriesPerStep) return false
    batch.apply({ kind: 'untrash', id: entry.id })
  }
}

/** Takes some links out, until there are enough condemned keys; true when no link is left. */
function takeLinks(batch: Batch, enough: number): boolean {
  const { links, holdings, leftovers } = batch.state
  const { leases } = links
  for (let step = 0; ; step += 1) {
    const link = leases.first()
    if (link === undefined || link.keepUntil > batch.moment.now) return true
    if (step === linksPerStep || holdings.condemned.size >= enough) return false
    const { repository, digest } = link
    // All of a repository in the trash stays as long as it does.
    if (repository.trashed !== null) links.park(link, repository.trashed.parked)
    else if (repository.isDeleted) leftovers.settle(digest, batch)
    else batch.apply({ kind: 'unlink', repository: repository.name, digest })
  }
}
