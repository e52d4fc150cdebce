import type { BlobRef } from '../ports/blob-store.ts'
import type { DueGarbage } from '../ports/garbage-values.ts'
import type { Holding } from './holdings.ts'
import { Steps } from './paced.ts'
import type { State } from './state.ts'

/** What `condemn` would return in all, with nothing changed. */
export async function dueGarbage(
  { links, holdings }: State,
  now: number,
  limit: number,
): Promise<DueGarbage> {
  const steps = new Steps()
  const first: BlobRef[] = []
  let blobs = 0
  let bytes = 0
  const count = (blob: BlobRef): void => {
    blobs += 1
    bytes += blob.size
    if (first.length < limit) first.push(blob)
  }
  for (const blob of holdings.trash.values()) {
    count(blob)
    if (steps.isOver()) await steps.rest()
  }
  const looked: Set<Holding> = new Set()
  for (const { holding } of links.leases.endingBy(now)) {
    if (holding !== null && !looked.has(holding)) {
      looked.add(holding)
      if (isDue(holding, now)) count(holding.ref)
    }
    if (steps.isOver()) await steps.rest()
  }
  return { blobs, bytes, first }
}

/** Whether nothing keeps the bytes but links whose leases are over. */
function isDue({ records, firstLink }: Holding, now: number): boolean {
  if (records > 0) return false
  for (let link = firstLink; link !== null; link = link.next) {
    if (link.references > 0 || link.keepUntil > now) return false
  }
  return true
}
