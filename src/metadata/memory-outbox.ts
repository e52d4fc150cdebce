import type {
  ClaimOptions,
  Outbox,
  OutboxClaims,
  OutboxCounts,
  OutboxEntry,
  OutboxLimits,
  OutboxPageRequest,
  OutboxSelection,
  OutboxTrimming,
  Page,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import type { Commit } from './metadata-reads.ts'
import * as changes from './outbox-changes.ts'
import { entryPage, shownQueued } from './outbox-pages.ts'
import type { Lane, OutboxQueue, QueuedEntry } from './outbox-queue.ts'
import type { State } from './state.ts'

/** How many claims this process has given: no two have the same token, whichever store they are of. */
let claims = 0

/** What a {@link MemoryOutbox} works with. */
export interface OutboxDeps {
  readonly state: State
  readonly commit: Commit
  /** As `commit.change`, until the store closes. */
  change<T>(evaluate: (batch: Batch) => T): Promise<T>
}

/** The outbox of names in memory. What is claimed, tried and due is known to the process alone. */
export class MemoryOutbox implements Outbox {
  readonly #deps: OutboxDeps

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  /** What is not durable yet is not given out: its change may still be taken back. */
  claim(endpoints: readonly string[], options: ClaimOptions): Promise<OutboxClaims> {
    const { failure } = this.#deps.commit
    if (failure !== null) return Promise.reject(failure)
    return this.#deps.commit.afterFlight(async () => this.#claim(endpoints, options))
  }

  delivered(entries: readonly OutboxEntry[]): Promise<void> {
    const ids = entries.map(({ id }) => id)
    return this.#deps.change((batch) => {
      changes.endEntries(batch, ids)
    })
  }

  async retry(
    entry: OutboxEntry,
    { inMs, error }: { readonly inMs: number; readonly error: string },
  ): Promise<void> {
    const claimed = this.#claimed(entry)
    if (claimed === null) return
    const { queued, lane } = claimed
    queued.tries += 1
    queued.error = changes.shortError(error)
    queued.dueAt = this.#deps.commit.moment().now + Math.max(0, Math.ceil(inMs))
    queued.queue.unclaim(lane)
  }

  bury(entry: OutboxEntry, error: string): Promise<void> {
    return this.#deps.change((batch) => {
      const claimed = this.#claimed(entry)
      if (claimed !== null) changes.bury(batch, claimed.queued, claimed.queued.tries + 1, error)
    })
  }

  async release(entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries) {
      const claimed = this.#claimed(entry)
      if (claimed !== null) claimed.queued.queue.unclaim(claimed.lane)
    }
  }

  list(page: OutboxPageRequest): Promise<Page<OutboxEntry>> {
    return this.#deps.commit.afterFlight(async () => {
      const moment = this.#deps.commit.moment()
      const { items, more } = entryPage(this.#deps.state.outbox, page)
      return { items: items.map((entry) => shownQueued(entry, moment)), more }
    })
  }

  resend(which: OutboxSelection, limit: number): Promise<number> {
    return this.#deps.change((batch) => changes.resend(batch, which, limit))
  }

  drop(which: OutboxSelection, limit: number): Promise<number> {
    return this.#deps.change((batch) => changes.drop(batch, which, limit))
  }

  counts(): Promise<readonly OutboxCounts[]> {
    const { state, commit } = this.#deps
    return commit.afterFlight(async () =>
      [...state.outbox.queues].map((queue) => {
        const { endpoint, waiting, dead, waitingBytes, deadBytes, dropped } = queue
        const [oldest] = waiting.page(undefined, 1).items
        const oldestAt =
          oldest === undefined ? null : (state.outbox.get(oldest)?.message.queuedAt ?? null)
        const counts = { waiting: waiting.size, dead: dead.size, waitingBytes, deadBytes }
        return { endpoint, ...counts, oldestAt, dropped }
      }),
    )
  }

  async trim(limits: OutboxLimits): Promise<OutboxTrimming> {
    const sum = { buried: 0, dropped: 0 }
    for (const queue of [...this.#deps.state.outbox.queues]) {
      if (!isBeyond(queue, limits)) continue
      const done = await this.#deps.change((batch) => changes.trim(batch, queue, limits))
      queue.dropped += done.dropped
      sum.buried += done.buried
      sum.dropped += done.dropped
    }
    return sum
  }

  onWaiting(callback: () => void): () => void {
    return this.#deps.state.outbox.listen(callback)
  }

  #claim(endpoints: readonly string[], { limit, forMs }: ClaimOptions): OutboxClaims {
    const { state, commit } = this.#deps
    const moment = commit.moment()
    const until = moment.now + Math.ceil(forMs)
    const queues = [...new Set(endpoints)].flatMap((endpoint) => state.outbox.queue(endpoint) ?? [])
    for (const queue of queues) queue.wake(moment.now)
    const entries: OutboxEntry[] = []
    for (;;) {
      const next = oldest(queues)
      if (next === undefined) break
      if (entries.length >= limit) return { entries, nextInMs: 0 }
      claims += 1
      const token = String(claims)
      next.queue.claim(next.lane as Lane, { token, until })
      entries.push({ ...shownQueued(next, moment), claim: token })
    }
    const wakes = queues.flatMap(({ wakesAt }) => wakesAt ?? [])
    const nextInMs = wakes.length === 0 ? null : Math.max(0, Math.min(...wakes) - moment.now)
    return { entries, nextInMs }
  }

  /** What an entry was claimed from, where its claim is the newest. */
  #claimed({
    id,
    claim,
  }: OutboxEntry): { readonly queued: QueuedEntry; readonly lane: Lane } | null {
    const queued = this.#deps.state.outbox.get(id)
    const lane = queued?.lane ?? null
    if (queued === undefined || lane?.head !== queued) return null
    return claim !== undefined && lane.claim?.token === claim ? { queued, lane } : null
  }
}

/** The oldest message that can be claimed of some queues. */
function oldest(queues: readonly OutboxQueue[]): QueuedEntry | undefined {
  let first: QueuedEntry | undefined
  for (const { claimable: entry } of queues) {
    if (entry !== undefined && (first === undefined || entry.id < first.id)) first = entry
  }
  return first
}

function isBeyond(queue: OutboxQueue, limits: OutboxLimits): boolean {
  return (
    queue.waiting.size > limits.waiting ||
    queue.waitingBytes > limits.waitingBytes ||
    queue.dead.size > limits.dead ||
    queue.deadBytes > limits.deadBytes
  )
}
