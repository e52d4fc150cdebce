import fc from 'fast-check'
import type { MetadataStore, OutboxEntry } from '../../src/ports/metadata-store.ts'
import type { Operation } from './operations.ts'

const all = ['east', 'west']
const limit = fc.integer({ min: 1, max: 3 })
const alone = { outOfTurn: true as const }

/** Calls of an outbox, each alone: they claim what the one before left. */
export const outboxOperations: ReadonlyArray<fc.Arbitrary<Operation>> = [
  limit.map((limit) => ({
    ...alone,
    name: `deliver ${limit}`,
    onStore: async (store) => {
      const entries = await claim(store, limit)
      await store.outbox?.delivered(entries)
      return entries.map(({ text }) => text)
    },
    onModel: (model) => model.outbox.deliver(limit, model.now),
  })),
  fc.constantFrom(0, 5000).map((inMs) => ({
    ...alone,
    name: `fail, and try again in ${inMs}`,
    onStore: async (store) => {
      const entries = await claim(store, 1)
      for (const entry of entries) await store.outbox?.retry(entry, { inMs, error: 'down' })
      return entries.map(({ text }) => text)
    },
    onModel: (model) => model.outbox.fail(model.now, inMs),
  })),
  fc.constant({
    ...alone,
    name: 'bury',
    onStore: async (store: MetadataStore) => {
      const entries = await claim(store, 1)
      for (const entry of entries) await store.outbox?.bury(entry, 'gone')
      return entries.map(({ text }) => text)
    },
    onModel: (model) => model.outbox.bury(model.now),
  } satisfies Operation),
  limit.map((limit) => ({
    ...alone,
    name: `send ${limit} again`,
    onStore: async (store) => store.outbox?.resend({}, limit),
    onModel: (model) => model.outbox.resend(limit, model.time),
  })),
  limit.map((limit) => ({
    ...alone,
    name: `drop ${limit} messages`,
    onStore: async (store) => store.outbox?.drop({}, limit),
    onModel: (model) => model.outbox.drop(limit),
  })),
  fc.record({ waiting: limit, dead: limit }).map((bounds) => ({
    ...alone,
    name: `trim to ${JSON.stringify(bounds)}`,
    onStore: async (store) => store.outbox?.trim({ ...bounds, waitingBytes: 1e9, deadBytes: 1e9 }),
    onModel: (model) => model.outbox.trim({ ...bounds, waitingBytes: 1e9, deadBytes: 1e9 }),
  })),
]

async function claim(store: MetadataStore, limit: number): Promise<readonly OutboxEntry[]> {
  return (await store.outbox?.claim(all, { limit, forMs: 1e12 }))?.entries ?? []
}
