import type { Outbox } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import {
  claimAll,
  claimOnly,
  drain,
  east,
  listed,
  outboxCase,
  outboxOf,
  send,
  textsOf,
  west,
} from './outbox-case.ts'
import { blobOf, here, long, type MetadataStoreCase, there } from './store-case.ts'

/** Messages that wait, in which order they are given out, and whose they are. */
export const outboxCases: readonly MetadataStoreCase[] = [
  outboxCase('an outbox begins empty', async (store, outbox) => {
    await store.linkBlob(here, blobOf(1), long, {})
    equals(await claimAll(outbox), { entries: [], nextInMs: null }, 'what can be claimed')
    equals(await outbox.list({ limit: 10 }), { items: [], more: false }, 'the list')
    equals(await outbox.counts(), [], 'counts')
  }),

  outboxCase('a message waits with all that is known of it', async (store, outbox) => {
    const text = '{"é":"\\u0000 \\" 😀"}'
    await send(store, text)
    const entry = await claimOnly(outbox)
    const { id, queuedAt, dueAt, claim, ...facts } = entry
    const known = { endpoint: east, repository: here, text, tries: 0, error: null }
    equals(facts, { ...known, state: 'waiting' }, 'a message')
    holds(id.length > 0 && (claim ?? '').length > 0, 'it has an id, and its claim a name')
    holds(Number.isSafeInteger(queuedAt) && queuedAt > 0, 'it has the time of its change')
    holds(Number.isFinite(dueAt), 'it has a time from which it is due')
    const { items } = await outbox.list({ limit: 10 })
    equals(items.length, 1, 'a message that is claimed is listed too')
    equals({ ...items[0], dueAt: 0 }, { ...facts, id, queuedAt, dueAt: 0 }, 'without its claim')
  }),

  outboxCase('messages of a repository come one after the other', async (store, outbox) => {
    for (const text of ['1', '2', '3']) await send(store, text)
    const first = await claimOnly(outbox)
    equals(first.text, '1', 'the first')
    equals((await claimAll(outbox)).entries, [], 'what can be claimed while it is under way')
    await outbox.delivered([first])
    const second = await claimOnly(outbox)
    equals(second.text, '2', 'the second')
    await outbox.delivered([second])
    equals(await drain(outbox), ['3'], 'the rest')
    equals(await outbox.list({ limit: 10 }), { items: [], more: false }, 'the list')
  }),

  outboxCase('other repositories and endpoints do not wait', async (store, outbox) => {
    await send(store, 'both', { to: [east, west] })
    await send(store, 'there', { repository: there })
    await send(store, 'behind')
    const { entries } = await claimAll(outbox)
    equals(textsOf(entries).sort(), ['both', 'both', 'there'], 'what can be claimed')
    const ids = entries.map(({ id }) => id)
    equals(new Set(ids).size, 3, 'ids')
    await outbox.delivered(entries.filter(({ endpoint }) => endpoint === west))
    equals((await claimAll(outbox)).entries, [], 'what is behind that of another endpoint')
    await outbox.delivered(entries)
    equals(await drain(outbox), ['behind'], 'the rest')
  }),

  outboxCase('the oldest are claimed first, as many as are asked for', async (store, outbox) => {
    await send(store, '1', { repository: there, to: [west] })
    await send(store, '2')
    await send(store, '3', { repository: there })
    const two = await outbox.claim([east, west], { limit: 2, forMs: long })
    equals(textsOf(two.entries), ['1', '2'], 'two')
    equals(two.nextInMs, 0, 'when more can be claimed')
    const rest = await outbox.claim([east, west], { limit: 2, forMs: long })
    equals(textsOf(rest.entries), ['3'], 'the rest')
    holds(rest.nextInMs === null || rest.nextInMs > 0, 'nothing more can be claimed now')
    equals((await outbox.claim([east], { limit: 0, forMs: long })).entries, [], 'none')
  }),

  outboxCase('only what is for the endpoints is claimed', async (store, outbox) => {
    await send(store, 'both', { to: [east, west] })
    await send(store, 'none', { to: [] })
    equals((await outbox.claim([], { limit: 9, forMs: long })).entries, [], 'of no endpoints')
    equals((await claimAll(outbox, ['north'])).nextInMs, null, 'of one that has nothing')
    equals(await drain(outbox, [west]), ['both'], 'of one')
    equals(await drain(outbox, [east, east]), ['both'], 'of the other')
  }),

  outboxCase('who asked is told that something waits', async (store, outbox) => {
    let calls = 0
    let stop = (): void => {}
    const called = new Promise<void>((resolve) => {
      stop = outbox.onWaiting(() => {
        calls += 1
        resolve()
      })
    })
    await send(store, '1')
    await called
    stop()
    stop()
    const before = calls
    const next = new Promise<void>((resolve) => {
      outbox.onWaiting(resolve)
    })
    await send(store, '2')
    await next
    equals(calls, before, 'calls of one who does not listen any more')
  }),

  outboxCase(
    'what waits outlives the process, in order',
    async (store, outbox, place) => {
      for (const text of ['1', '2', '3', '4']) await send(store, text, { to: [east, west] })
      await outbox.delivered((await claimAll(outbox, [east])).entries)
      await outbox.retry(await claimOnly(outbox, { of: [east] }), { inMs: 0, error: 'down' })
      await send(store, '5')
      await store.close()
      const next = outboxOf(await place.open())
      equals(await drain(next, [east]), ['2', '3', '4', '5'], 'of one endpoint')
      equals(await drain(next, [west]), ['1', '2', '3', '4'], 'of the other')
      equals(await outboxIds(next), [], 'what is left')
    },
    ['reopen'],
  ),

  outboxCase(
    'no id is given twice, also after a restart',
    async (store, outbox, place) => {
      await send(store, '1')
      const [first] = await outboxIds(outbox)
      await drain(outbox)
      await store.close()
      const next = await place.open()
      await send(next, '2')
      const [second] = await outboxIds(outboxOf(next))
      holds(first !== undefined && second !== undefined, 'both have one')
      holds(second > first, 'the later id sorts after the earlier one')
      await outboxOf(next).delivered([{ ...(await claimOnly(outboxOf(next))), id: first }])
      await listed(outboxOf(next), 'waiting', ['2'])
    },
    ['reopen'],
  ),
]

async function outboxIds(outbox: Outbox): Promise<string[]> {
  return (await outbox.list({ limit: 1000 })).items.map(({ id }) => id)
}
