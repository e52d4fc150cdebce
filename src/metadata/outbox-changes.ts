import type { RepositoryName } from '../oci/repository-name.ts'
import type {
  OutboxLimits,
  OutboxSelection,
  OutboxTrimming,
  Tell,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import { selected } from './outbox-pages.ts'
import type { OutboxQueue, QueuedEntry } from './outbox-queue.ts'

/** Characters of an error that are kept. */
const longestError = 1000

/** Messages of an endpoint that one trimming looks at, so that nothing waits long for it. */
const trimmedTogether = 1000

/** Why a message is dead that was not delivered in time. */
const tooMany = 'too many messages waited for the endpoint'

/** Stores what is to be sent because of a change, in the step that makes it. */
export function tellOf<Outcome>(
  batch: Batch,
  repository: RepositoryName,
  tell: Tell<Outcome> | undefined,
  outcome: Outcome,
): void {
  if (tell === undefined) return
  for (const { endpoints, text } of tell(outcome)) queue(batch, repository, endpoints, text)
}

/** Puts a message at the end of the repository's queue of each endpoint. */
function queue(
  batch: Batch,
  repository: RepositoryName,
  endpoints: readonly string[],
  text: string,
): void {
  const each = endpoints.length > 1 ? [...new Set(endpoints)] : endpoints
  if (each.length === 0) return
  const { time } = batch.moment
  const id = batch.state.outbox.numbers.next(time, each.length)
  batch.apply({ kind: 'message', id, repository, queuedAt: time, endpoints: each, text })
}

/** Ends entries, where they are there; how many. */
export function endEntries(batch: Batch, ids: readonly string[]): number {
  const { outbox } = batch.state
  const there = ids.filter((id) => outbox.get(id) !== undefined)
  if (there.length > 0) batch.apply({ kind: 'unmessage', ids: there })
  return there.length
}

/** Makes an entry a dead letter. */
export function bury(batch: Batch, { id }: QueuedEntry, tries: number, error: string): void {
  batch.apply({ kind: 'dead', id, tries, error: shortError(error) })
}

/** As much of an error as is kept. */
export function shortError(error: string): string {
  return error.slice(0, longestError)
}

/** Puts dead letters at the end of their queues; how many. */
export function resend(batch: Batch, which: OutboxSelection, limit: number): number {
  const letters = selected(batch.state.outbox, which, limit, 'dead')
  for (const { message, queue: own } of letters) {
    queue(batch, message.repository, [own.endpoint], message.text)
  }
  return endEntries(
    batch,
    letters.map(({ id }) => id),
  )
}

/** Ends entries for good; how many. */
export function drop(batch: Batch, which: OutboxSelection, limit: number): number {
  const entries = selected(batch.state.outbox, which, limit)
  return endEntries(
    batch,
    entries.map(({ id }) => id),
  )
}

/** Holds an endpoint to limits; what is claimed stays. */
export function trim(batch: Batch, queue: OutboxQueue, limits: OutboxLimits): OutboxTrimming {
  const { outbox } = batch.state
  let buried = 0
  for (const id of queue.waiting.page(undefined, trimmedTogether).items) {
    const isOver = queue.waiting.size > limits.waiting || queue.waitingBytes > limits.waitingBytes
    const entry = outbox.get(id)
    if (!isOver || entry === undefined) break
    if (isClaimed(entry, batch.moment.now)) continue
    bury(batch, entry, entry.tries, entry.error ?? tooMany)
    buried += 1
  }
  const gone: string[] = []
  let { size } = queue.dead
  let bytes = queue.deadBytes
  for (const id of queue.dead.page(undefined, trimmedTogether).items) {
    if (size <= limits.dead && bytes <= limits.deadBytes) break
    size -= 1
    bytes -= outbox.get(id)?.message.bytes ?? 0
    gone.push(id)
  }
  return { buried, dropped: endEntries(batch, gone) }
}

/** Whether someone has it, at a moment of the store's own time. */
function isClaimed(entry: QueuedEntry, now: number): boolean {
  const claim = entry.lane?.head === entry ? entry.lane.claim : null
  return claim !== null && claim.until > now
}
