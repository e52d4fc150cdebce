import type { RegistryLimits, RegistryStores } from '../options.ts'
import type { EventSink } from '../ports/events.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import type { DigestLocks } from './digest-locks.ts'

/** What every part of the service works with. */
export interface CoreDeps extends RegistryStores {
  readonly hash: HashFactory
  readonly limits: RegistryLimits
  readonly allowSparse: boolean
  readonly events: EventSink
  /** Milliseconds since the epoch, never going back or leaping while the process runs. */
  readonly clock: () => number
  readonly locks: DigestLocks
}
