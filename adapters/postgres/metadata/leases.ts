import type { Database } from '../database.ts'
import type { Place } from './facts.ts'
import type { View } from './view.ts'

/** A lease is given half again, so that a client that asks for what it has just pushed causes no write. */
const leaseSlack = 1.5

/** Has a repository keep a blob for a lease, unless its own is long enough. */
export function extendLease(view: View, place: Place, leaseMs: number): void {
  const link = place.link.now
  const isLong = link?.keepUntil != null && link.keepUntil >= leaseEnd(view, leaseMs)
  if (isLong) return
  const keepUntil = Math.max(leaseEnd(view, leaseMs * leaseSlack), link?.keepUntil ?? 0)
  view.setLink(place, keepUntil)
}

/** The end of a lease that begins now. */
export function leaseEnd({ now }: View, leaseMs: number): number {
  return Math.min(now + Math.ceil(leaseMs), Number.MAX_SAFE_INTEGER)
}

/** What is added to the database's clock for the end of a period that begins now, and for now, in milliseconds. */
export function periodOf({ clockOffset }: Database, ms: number): readonly [number, number] {
  return [Math.min(clockOffset + Math.ceil(ms), 2 ** 52), clockOffset]
}
