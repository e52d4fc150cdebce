import type { NamingDeps } from '../core/missing-bytes.ts'
import type { Digest } from '../oci/digest.ts'
import type { ByteRate } from './byte-rate.ts'
import type { CopyTally } from './copy-tally.ts'
import type { Slots, Turns } from './in-parallel.ts'
import type { Lists } from './lists.ts'
import type { Patiently } from './patience.ts'
import type { CopiedStores } from './report.ts'
import type { TransferDeps } from './transfer.ts'

/** What repositories are copied with. */
export interface CopyDeps extends Pick<TransferDeps, 'hash' | 'signal'> {
  readonly from: CopiedStores
  readonly to: CopiedStores
  readonly lists: { readonly from: Lists; readonly to: Lists }
  readonly tally: CopyTally
  readonly patiently: Patiently
  readonly onNotice: NamingDeps['onNotice']
  readonly rate: ByteRate
  readonly mirror: boolean
  readonly concurrency: number
  readonly leaseMs: number
  /** For all repositories together. */
  readonly slots: Slots
  readonly turns: Turns
  /** Digests whose bytes the source knows to be missing: the target may have them, and keeps them. */
  readonly gone: ReadonlySet<Digest>
}

/** Does what is to be done, when it is its turn, and again where a store is unavailable. */
export function inSlot(
  { slots, patiently, signal }: Pick<CopyDeps, 'slots' | 'patiently' | 'signal'>,
  work: () => Promise<void>,
): Promise<void> {
  return slots.run(async () => {
    signal?.throwIfAborted()
    await patiently(work)
  })
}
