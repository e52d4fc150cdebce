import assert from 'node:assert/strict'
import type { RegistryEvent } from '../../../src/index.ts'
import type { Outbox, OutboxMessage } from '../../../src/kit.ts'
import type { Ledger, LedgerClient } from './ledger.ts'
import type { SimulatedRegistry } from './simulated-registry.ts'

/** Gets all in order. */
const receiver = 'receiver'
/** Answers nothing, so that what is for it ends as dead letters. */
const silent = 'silent'
const own = 'team/app'

/** What stands in a message: the order in which changes were told of, and the event. */
export interface Told {
  readonly number: number
  readonly event: RegistryEvent
}

/** Has both endpoints be told of each change. */
export function teller(ledger: Ledger): (event: RegistryEvent) => readonly OutboxMessage[] {
  return (event) => {
    ledger.told += 1
    const { peer: _, ...facts } = event
    const text = JSON.stringify({ number: ledger.told, event: facts })
    return [{ endpoints: [receiver, silent], text }]
  }
}

/** Delivers some messages, and makes some dead letters, as a server does beside requests. */
export async function handOut(
  { metadata }: SimulatedRegistry,
  ledger: Ledger,
  rounds: number,
): Promise<void> {
  const outbox = outboxOf(metadata)
  for (let round = 0; round < rounds; round += 1) {
    const { entries } = await outbox.claim([receiver], { limit: 3, forMs: 1e9 })
    ledger.received = [...ledger.received, ...entries.map(({ text }) => JSON.parse(text))]
    await outbox.delivered(entries)
  }
  const lost = await outbox.claim([silent], { limit: 2, forMs: 1e9 })
  await Promise.all(lost.entries.map((entry) => outbox.bury(entry, 'no answer')))
}

/**
 * Checks that what waits, with what was delivered before, tells of exactly the changes that were made: it is delivered in
 * order, and a receiver that follows it has the tags that the registry has.
 */
export async function checkMessages(
  { metadata }: SimulatedRegistry,
  client: LedgerClient,
): Promise<void> {
  const outbox = outboxOf(metadata)
  const received = [...client.ledger.received]
  for (;;) {
    const { entries } = await outbox.claim([receiver], { limit: 100, forMs: 1e9 })
    if (entries.length === 0) break
    received.push(...entries.map(({ text }) => JSON.parse(text) as Told))
    await outbox.delivered(entries)
  }
  const first = [...new Map(received.toReversed().map((told) => [told.number, told])).values()]
  const events = first.toReversed().filter(({ event }) => event.repository === own)
  const numbers = events.map(({ number }) => number)
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
    'messages arrive in order',
  )
  await outbox.resend({}, 1e6)
  const { items } = await outbox.list({ limit: 1e6, endpoint: silent })
  const kept = items.map(({ text }) => (JSON.parse(text) as Told).number)
  assert.deepEqual(
    kept.toSorted((a, b) => a - b),
    first.map(({ number }) => number).sort((a, b) => a - b),
    'each message is kept for each endpoint, once',
  )
  const tags = await client.send('GET', `/v2/${own}/tags/list`)
  const actual = tags.status === 404 ? [] : JSON.parse(await tags.text()).tags
  assert.deepEqual(actual, tagsAfter(events), 'the tags that the messages tell of')
  client.ledger.received = received
}

/** The tags of a repository to whose events one listened. */
function tagsAfter(told: readonly Told[]): readonly string[] {
  const tags: Map<string, string> = new Map()
  for (const { event } of told) {
    if (event.kind === 'tag-moved') tags.set(event.tag, event.digest)
    if (event.kind === 'tag-deleted') tags.delete(event.tag)
    if (event.kind !== 'manifest-deleted') continue
    for (const [tag, digest] of tags) if (digest === event.digest) tags.delete(tag)
  }
  return [...tags.keys()].sort()
}

function outboxOf({ outbox }: SimulatedRegistry['metadata']): Outbox {
  assert(outbox !== undefined)
  return outbox
}
