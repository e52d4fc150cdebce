import type { RepositoryName } from '../oci/repository-name.ts'
import type { Page, PageRequest } from './metadata-values.ts'

/** What is to be sent to some endpoints because something changed. Stores do not look into its text. */
export interface OutboxMessage {
  /** Names of the receivers, each once. A message to none is not stored. */
  readonly endpoints: readonly string[]
  /** Well-formed Unicode without NUL, as JSON is. */
  readonly text: string
}

/**
 * Called in the step that makes a change, with what came of it, and not for a change that does not happen. The
 * messages it returns are stored in the same step: they are durable with the change, or not at all. Synchronous; never
 * throws. A store that has to make a step again calls it again, and what it returned last counts.
 */
export type Tell<Outcome> = (outcome: Outcome) => readonly OutboxMessage[]

/** In the options of a change: who says what is to be sent because of it. */
export interface Telling<Outcome> {
  /** Only for a store that has an {@link Outbox}. */
  readonly tell?: Tell<Outcome>
}

/** A message on its way to one endpoint. */
export interface OutboxEntry {
  /**
   * The store's own name for it, never given to another. Of ids of one store, the older sorts first, in byte order. A
   * dead letter that is sent again gets another.
   */
  readonly id: string
  readonly endpoint: string
  /** What changed. */
  readonly repository: RepositoryName
  readonly text: string
  /** When the change was made, in milliseconds since the epoch. */
  readonly queuedAt: number
  /** How many deliveries failed. A store may forget it with its process. */
  readonly tries: number
  /** When it may be delivered next, in milliseconds since the epoch. A store may forget it with its process. */
  readonly dueAt: number
  /** Why the last delivery failed, or why it is dead; null before that. */
  readonly error: string | null
  /** A dead letter is not delivered any more, until it is sent again. */
  readonly state: 'waiting' | 'dead'
  /** The claim under which it was given out. Absent in lists. */
  readonly claim?: string
}

/** How messages are claimed. */
export interface ClaimOptions {
  /** At most so many. */
  readonly limit: number
  /** How long they are the caller's, in milliseconds. After that they can be claimed again: the caller may have died. */
  readonly forMs: number
}

/** What was claimed. */
export interface OutboxClaims {
  /** The oldest first; no two of one endpoint and repository. */
  readonly entries: readonly OutboxEntry[]
  /**
   * In how many milliseconds more of these endpoints can be claimed, if nothing else happens: then a due time or a claim
   * ends. 0 where `limit` left some out, null where nothing waits.
   */
  readonly nextInMs: number | null
}

/** Which entries are meant: some by id, or all that match. Ids that are no entries are passed over. */
export type OutboxSelection =
  | { readonly ids: readonly string[] }
  | { readonly endpoint?: string; readonly state?: OutboxEntry['state'] }

/** Which entries are listed. */
export interface OutboxPageRequest extends PageRequest {
  readonly endpoint?: string
  readonly state?: OutboxEntry['state']
}

/** What an endpoint has in the outbox. */
export interface OutboxCounts {
  readonly endpoint: string
  readonly waiting: number
  /** Dead letters. */
  readonly dead: number
  /** Size of the texts that wait, in bytes of UTF-8. */
  readonly waitingBytes: number
  /** Size of the texts of its dead letters. */
  readonly deadBytes: number
  /** When the oldest that waits was queued, in milliseconds since the epoch; null where none waits. */
  readonly oldestAt: number | null
  /** Dead letters that {@link Outbox.trim} dropped in this process. */
  readonly dropped: number
}

/** What each endpoint may have in the outbox. */
export interface OutboxLimits {
  readonly waiting: number
  readonly waitingBytes: number
  readonly dead: number
  readonly deadBytes: number
}

/** What {@link Outbox.trim} did. */
export interface OutboxTrimming {
  /** Messages that waited and became dead letters. */
  readonly buried: number
  /** Dead letters that are gone. */
  readonly dropped: number
}

/**
 * Messages that were stored with a change and have to reach their endpoints. At least once, and in order: of one
 * endpoint and repository only the oldest that waits can be claimed, so that one request after the other is sent.
 *
 * Every change is durable when its method resolves. Claims, tries and due times need not outlive the process: a message
 * is then claimed again sooner. All methods throw as those of a MetadataStore, and may be called again after any error.
 */
export interface Outbox {
  /**
   * Claims messages that are due, the oldest first: of each endpoint and repository the oldest that waits, if it
   * is due and not claimed. Its claim ends after `forMs`, or with {@link delivered}, {@link retry}, {@link bury} or
   * {@link release}. A later call can claim what others let go. No cost grows with what waits behind.
   */
  claim(endpoints: readonly string[], options: ClaimOptions): Promise<OutboxClaims>
  /** They arrived, so they are gone: also where another claimed them since, or they are dead letters by now. */
  delivered(entries: readonly OutboxEntry[]): Promise<void>
  /**
   * A delivery failed: it waits `inMs` milliseconds, and what is behind it waits too. Nothing happens where its claim
   * is not the newest.
   */
  retry(entry: OutboxEntry, next: { readonly inMs: number; readonly error: string }): Promise<void>
  /** Makes it a dead letter; what is behind it can be claimed. Nothing happens where its claim is not the newest. */
  bury(entry: OutboxEntry, error: string): Promise<void>
  /** Gives claims back, as if there had been none. Those that are not the newest are passed over. */
  release(entries: readonly OutboxEntry[]): Promise<void>

  /** What waits and what is dead, by id: the oldest first. */
  list(page: OutboxPageRequest): Promise<Page<OutboxEntry>>
  /**
   * Puts up to `limit` dead letters at the end of their repositories' queues, the oldest first, each with another id and
   * no tries; how many. What waits is passed over.
   */
  resend(which: OutboxSelection, limit: number): Promise<number>
  /** Ends up to `limit` entries for good, the oldest first; how many. */
  drop(which: OutboxSelection, limit: number): Promise<number>
  /** What each endpoint has that was ever told of in this process, or has anything. Its cost grows with endpoints alone. */
  counts(): Promise<readonly OutboxCounts[]>
  /**
   * Holds every endpoint to limits: beyond them its oldest message that waits becomes a dead letter, and its oldest dead
   * letter goes. Worth calling every few seconds. May leave a part to the next call.
   */
  trim(limits: OutboxLimits): Promise<OutboxTrimming>
  /**
   * Calls back when there may be something new to claim: a change was told of, or a dead letter is sent again, also by
   * another node. Not when a due time or a claim ends. What is returned ends that.
   */
  onWaiting(callback: () => void): () => void
}
