import type { RegistryLimits, RegistryStores } from '../options.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { EventOrigin, RegistryEvent } from '../ports/events.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'

/** A kind of union of objects, without what every event says: distributes over the union. */
type WithoutOrigin<T> = T extends unknown
  ? Omit<T, Exclude<keyof EventOrigin, 'repository'>>
  : never

/** An event before it is told when and for whom it happened. */
export type EventFacts = WithoutOrigin<RegistryEvent>

/** Tells of a change that is durable. */
export type Emit = (call: CallContext, event: EventFacts) => void

/** What every part of the service works with. */
export interface CoreDeps extends RegistryStores {
  readonly hash: HashFactory
  readonly limits: RegistryLimits
  readonly allowSparse: boolean
  /** Whether blobs that are read whole are hashed as they are. */
  readonly verifyReads: boolean
  /** Never throws. */
  readonly onNotice: NoticeSink
  /** Never throws; null where nothing can listen, so that no event has to be made. */
  readonly emit: Emit | null
  /** Whether the store is to note pulls. */
  readonly notePulls: boolean
  /** Whether pulls are told of as well. */
  readonly pullEvents: boolean
  /** Milliseconds since the epoch, never going back or leaping while the process runs. */
  readonly clock: () => number
}
