import type { RepositoryName } from '../oci/repository-name.ts'
import { numberOf } from './entry-ids.ts'
import { type Leased, LeaseQueue } from './lease-queue.ts'
import { SortedNames } from './sorted-names.ts'

/** A message as it was told, for all of its endpoints. */
export interface QueuedMessage {
  readonly repository: RepositoryName
  /** In milliseconds since the epoch. */
  readonly queuedAt: number
  readonly text: string
  /** Size of the text, in bytes of UTF-8. */
  readonly bytes: number
}

/** A message on its way to one endpoint. */
export interface QueuedEntry {
  readonly id: string
  readonly message: QueuedMessage
  readonly queue: OutboxQueue
  isDead: boolean
  tries: number
  error: string | null
  /** In the store's own time; 0 where it may be delivered at once. */
  dueAt: number
  /** Where it waits; null while it is dead, or gone. */
  lane: Lane | null
  /** The next newer one of the lane. */
  next: QueuedEntry | null
  previous: QueuedEntry | null
}

/** What waits for one endpoint because of one repository, the oldest first: a linked list. */
export interface Lane extends Leased {
  readonly repository: RepositoryName
  head: QueuedEntry | null
  tail: QueuedEntry | null
  /** Who has its head, if someone has. */
  claim: Claim | null
  /** Which of the queue's two heaps it is in. */
  isReady: boolean
}

/** A claim of the head of a lane. */
export interface Claim {
  readonly token: string
  /** In the store's own time. */
  readonly until: number
}

/**
 * What one endpoint has: lanes that can be claimed, by the id of their head, and lanes that cannot, by the time when they
 * can again. So no cost grows with what waits.
 */
export class OutboxQueue {
  readonly endpoint: string
  readonly waiting: SortedNames<string> = new SortedNames()
  readonly dead: SortedNames<string> = new SortedNames()
  waitingBytes = 0
  deadBytes = 0
  /** Dead letters that were dropped because there were too many. */
  dropped = 0
  readonly #lanes: Map<RepositoryName, Lane> = new Map()
  readonly #ready: LeaseQueue<Lane> = new LeaseQueue()
  readonly #sleeping: LeaseQueue<Lane> = new LeaseQueue()

  constructor(endpoint: string) {
    this.endpoint = endpoint
  }

  /** Puts an entry in: where it waits, by its id, or among the dead letters. */
  put(entry: QueuedEntry): void {
    const { bytes, repository } = entry.message
    if (entry.isDead) {
      this.dead.insert(entry.id)
      this.deadBytes += bytes
      return
    }
    this.waiting.insert(entry.id)
    this.waitingBytes += bytes
    let lane = this.#lanes.get(repository)
    if (lane === undefined) {
      const empty = { head: null, tail: null, claim: null, isReady: false }
      lane = { repository, ...empty, keepUntil: 0, heapIndex: -1 }
      this.#lanes.set(repository, lane)
    }
    const { head } = lane
    link(lane, entry)
    if (lane.head !== head) this.#headChanged(lane)
  }

  /** Takes an entry out. */
  take(entry: QueuedEntry): void {
    const { bytes } = entry.message
    const { lane } = entry
    if (lane === null) {
      this.dead.delete(entry.id)
      this.deadBytes -= bytes
      return
    }
    this.waiting.delete(entry.id)
    this.waitingBytes -= bytes
    const wasHead = lane.head === entry
    unlink(lane, entry)
    if (wasHead) this.#headChanged(lane)
  }

  /** Lets what is due by now be claimed. @param now in the store's own time */
  wake(now: number): void {
    for (let lane = this.#sleeping.first(); lane !== undefined; lane = this.#sleeping.first()) {
      if (lane.keepUntil > now) break
      this.#place(lane, null)
    }
  }

  /** The oldest message that can be claimed. */
  get claimable(): QueuedEntry | undefined {
    return this.#ready.first()?.head ?? undefined
  }

  /** When the next lane can be claimed that cannot now, in the store's own time; null where none sleeps. */
  get wakesAt(): number | null {
    return this.#sleeping.first()?.keepUntil ?? null
  }

  /** Gives the head of a lane to a claim. */
  claim(lane: Lane, claim: Claim): void {
    lane.claim = claim
    this.#place(lane, claim.until)
  }

  /** Ends the claim of a lane; its head can be claimed once it is due. */
  unclaim(lane: Lane): void {
    lane.claim = null
    const dueAt = lane.head?.dueAt ?? 0
    this.#place(lane, dueAt === 0 ? null : dueAt)
  }

  #headChanged(lane: Lane): void {
    if (lane.head !== null) {
      this.unclaim(lane)
      return
    }
    lane.claim = null
    this.#leave(lane)
    this.#lanes.delete(lane.repository)
  }

  /** @param until when it can be claimed, in the store's own time; null: now */
  #place(lane: Lane, until: number | null): void {
    this.#leave(lane)
    lane.isReady = until === null
    lane.keepUntil = until ?? numberOf(lane.head?.id ?? '')
    const heap = lane.isReady ? this.#ready : this.#sleeping
    heap.add(lane)
  }

  #leave(lane: Lane): void {
    const heap = lane.isReady ? this.#ready : this.#sleeping
    heap.remove(lane)
  }
}

/** Puts an entry in its place: at the end, but where a journal is replayed or a change taken back. */
function link(lane: Lane, entry: QueuedEntry): void {
  let previous = lane.head !== null && lane.head.id > entry.id ? null : lane.tail
  while (previous !== null && previous.id > entry.id) previous = previous.previous
  const next = previous === null ? lane.head : previous.next
  entry.lane = lane
  entry.previous = previous
  entry.next = next
  if (previous === null) lane.head = entry
  else previous.next = entry
  if (next === null) lane.tail = entry
  else next.previous = entry
}

function unlink(lane: Lane, entry: QueuedEntry): void {
  const { previous, next } = entry
  if (previous === null) lane.head = next
  else previous.next = next
  if (next === null) lane.tail = previous
  else next.previous = previous
  entry.lane = null
  entry.previous = null
  entry.next = null
}
