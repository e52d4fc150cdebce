import type { RegistryLimits, RegistryStores } from '../options.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { EventOrigin, RegistryEvent } from '../ports/events.ts'
import type { Telling } from '../ports/metadata-store.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'

/** A kind of union of objects, without what every event says: distributes over the union. */
type WithoutOrigin<T> = T extends unknown
  ? Omit<T, Exclude<keyof EventOrigin, 'repository'>>
  : never

/** An event before it is told when and for whom it happened. */
export type EventFacts = WithoutOrigin<RegistryEvent>

/** Tells those who listen of something that is so. */
export type Emit = (call: CallContext, event: EventFacts) => void

/** How one change is told of. */
export interface ChangeTelling<Outcome> {
  /** For the store's method: has it keep what is to be sent, in the step that makes the change. */
  readonly options: Telling<Outcome>
  /** Tells those who listen, once the change is durable. */
  done(outcome: Outcome): void
}

/**
 * Begins to tell of a change.
 *
 * @param factsOf makes the events of what came of it, in order; the same for the outbox and for who listens
 */
export type TellChange = <Outcome>(
  call: CallContext,
  factsOf: (outcome: Outcome) => readonly EventFacts[],
) => ChangeTelling<Outcome>

/** What every part of the service works with. */
export interface CoreDeps extends RegistryStores {
  readonly hash: HashFactory
  readonly limits: RegistryLimits
  readonly allowSparse: boolean
  /** Whether blobs that are read whole are hashed as they are. */
  readonly verifyReads: boolean
  /** Never throws. */
  readonly onNotice: NoticeSink
  /** Never throws. */
  readonly emit: Emit
  /** Tells of changes. */
  readonly tell: TellChange
  /** Whether the store is to note pulls. */
  readonly notePulls: boolean
  /** Whether pulls are told of as well. */
  readonly pullEvents: boolean
  /** Milliseconds since the epoch, never going back or leaping while the process runs. */
  readonly clock: () => number
}
