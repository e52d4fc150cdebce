import { entryPage } from '../../src/metadata/outbox-pages.ts'
import type { OutboxQueue, QueuedEntry } from '../../src/metadata/outbox-queue.ts'
import type { OutboxState } from '../../src/metadata/outbox-state.ts'

/** All that waits and all dead letters, and in which order they would be given out. */
export function dumpOutbox(outbox: OutboxState): unknown {
  const all = entryPage(outbox, { limit: 1e6 }).items
  return {
    entries: all.map(({ id, queue, message, tries, error, isDead }) => ({
      ...{ id, endpoint: queue.endpoint, repository: message.repository, text: message.text },
      ...{ queuedAt: message.queuedAt, tries: isDead ? tries : 0, error: isDead ? error : null },
      isDead,
    })),
    heads: queuesOf(outbox).map(({ claimable }) => claimable?.id),
  }
}

/** What is counted in an outbox and does not fit what is there, in words. */
export function outboxMiscounts(outbox: OutboxState): string[] {
  const found: string[] = []
  const check = (what: string, counted: unknown, actual: unknown): void => {
    if (counted !== actual) found.push(`${what}: counted ${counted}, there are ${actual}`)
  }
  for (const queue of queuesOf(outbox)) {
    const { endpoint } = queue
    const all = entryPage(outbox, { limit: 1e6, endpoint }).items
    const [dead, waiting] = [all.filter(({ isDead }) => isDead), all.filter((one) => !one.isDead)]
    check(`waiting for ${endpoint}`, queue.waiting.size, waiting.length)
    check(`dead letters of ${endpoint}`, queue.dead.size, dead.length)
    check(`bytes for ${endpoint}`, queue.waitingBytes, bytesOf(waiting))
    check(`bytes of dead letters of ${endpoint}`, queue.deadBytes, bytesOf(dead))
    for (const entry of all) check(`entry ${entry.id}`, outbox.get(entry.id), entry)
    for (const { lane } of dead) check('the lane of a dead letter', lane, null)
    // Each repository's messages stand in one lane, in order, and its first can be claimed first.
    for (const repository of new Set(waiting.map(({ message }) => message.repository))) {
      const own = waiting.filter(({ message }) => message.repository === repository)
      const lane = own[0]?.lane
      const linked: string[] = []
      for (let at = lane?.head ?? null; at !== null; at = at.next) linked.push(at.id)
      check(`${endpoint} ${repository}`, `${linked}`, `${own.map(({ id }) => id)}`)
      check(`the last of ${endpoint} ${repository}`, lane?.tail, own.at(-1))
    }
    check(`what ${endpoint} can be given`, queue.claimable?.id, waiting[0]?.id)
  }
  return found
}

function queuesOf(outbox: OutboxState): OutboxQueue[] {
  return [...outbox.queues]
    .filter(({ waiting, dead }) => waiting.size + dead.size > 0)
    .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
}

function bytesOf(entries: readonly QueuedEntry[]): number {
  return entries.reduce((sum, { message }) => sum + Buffer.byteLength(message.text), 0)
}
