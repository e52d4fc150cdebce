import type {
  OutboxEntry,
  OutboxPageRequest,
  OutboxSelection,
  Page,
} from '../ports/metadata-store.ts'
import type { Moment } from './batch.ts'
import type { QueuedEntry } from './outbox-queue.ts'
import type { OutboxState } from './outbox-state.ts'
import type { SortedNames } from './sorted-names.ts'

/** Which of the outbox is meant. */
type Filter = Pick<OutboxPageRequest, 'endpoint' | 'state'>

/** A page of what waits and what is dead, by id. Its cost grows with the limit and the endpoints. */
export function entryPage(
  outbox: OutboxState,
  { after, limit, ...filter }: OutboxPageRequest,
): Page<QueuedEntry> {
  const pages = listsOf(outbox, filter).map((ids) => ids.page(after, limit))
  const ids = pages.flatMap(({ items }) => items).sort((a, b) => (a < b ? -1 : 1))
  const more = ids.length > limit || pages.some((page) => page.more)
  return { items: entriesOf(outbox, ids.slice(0, limit)), more }
}

/** The first entries of a selection, the oldest first. @param state only those that wait, or are dead */
export function selected(
  outbox: OutboxState,
  which: OutboxSelection,
  limit: number,
  state?: OutboxEntry['state'],
): readonly QueuedEntry[] {
  if (!('ids' in which)) {
    if (state !== undefined && which.state !== undefined && which.state !== state) return []
    const filter = state === undefined ? which : { ...which, state }
    return entryPage(outbox, { ...filter, limit }).items
  }
  const ids = [...new Set(which.ids)].sort()
  const found = entriesOf(outbox, ids).filter(
    ({ isDead }) => state === undefined || isDead === (state === 'dead'),
  )
  return found.slice(0, limit)
}

/** An entry as callers get it. */
export function shownQueued(entry: QueuedEntry, { time, now }: Moment): OutboxEntry {
  const { id, message, queue, tries, error, dueAt, isDead } = entry
  const { repository, text, queuedAt } = message
  return {
    id,
    endpoint: queue.endpoint,
    repository,
    text,
    queuedAt,
    tries,
    dueAt: dueAt === 0 ? queuedAt : time + (dueAt - now),
    error,
    state: isDead ? 'dead' : 'waiting',
  }
}

function listsOf(outbox: OutboxState, { endpoint, state }: Filter): Array<SortedNames<string>> {
  const own = endpoint === undefined ? [...outbox.queues] : [outbox.queue(endpoint)]
  return own.flatMap((queue) => {
    if (queue === undefined) return []
    if (state === undefined) return [queue.waiting, queue.dead]
    return [state === 'dead' ? queue.dead : queue.waiting]
  })
}

function entriesOf(outbox: OutboxState, ids: readonly string[]): QueuedEntry[] {
  return ids.flatMap((id) => outbox.get(id) ?? [])
}
