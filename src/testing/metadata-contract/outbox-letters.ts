import type { OutboxEntry } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import {
  boundless,
  claimAll,
  claimOnly,
  drain,
  east,
  listed,
  outboxCase,
  outboxOf,
  send,
  textsOf,
  trimAll,
  west,
} from './outbox-case.ts'
import { checkPages, long, type MetadataStoreCase, there } from './store-case.ts'

/** Dead letters, and what is listed, counted, sent again, dropped and bounded. */
export const outboxLetterCases: readonly MetadataStoreCase[] = [
  outboxCase('a dead letter is not given out, and what is behind it is', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    const first = await claimOnly(outbox)
    await outbox.retry(first, { inMs: 0, error: 'down' })
    await outbox.bury(await claimOnly(outbox), 'gone')
    equals(await drain(outbox), ['2'], 'what was delivered')
    const { items } = await outbox.list({ limit: 10 })
    equals(
      items.map(({ id, state, tries, error }) => ({ id, state, tries, error })),
      [{ id: first.id, state: 'dead', tries: 2, error: 'gone' }],
      'the dead letter',
    )
  }),

  outboxCase('a dead letter that arrived after all is gone', async (store, outbox) => {
    await send(store, '1')
    const entry = await claimOnly(outbox)
    await outbox.bury(entry, 'gone')
    await outbox.retry(entry, { inMs: 0, error: 'late' })
    await listed(outbox, 'dead', ['1'])
    await outbox.delivered([entry])
    await listed(outbox, 'dead', [])
  }),

  outboxCase('a dead letter is sent again behind all that waits', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    const dead = await claimOnly(outbox)
    await outbox.bury(dead, 'gone')
    await send(store, '3')
    equals(await outbox.resend({ ids: [dead.id, dead.id, 'unknown'] }, 10), 1, 'how many')
    await listed(outbox, 'dead', [])
    await listed(outbox, 'waiting', ['2', '3', '1'])
    const { items } = await outbox.list({ limit: 10 })
    const again = items.at(-1)
    holds(again !== undefined && again.id > dead.id, 'it has another id')
    equals([again.tries, again.error], [0, null], 'it has no tries')
    equals(await outbox.resend({ ids: [again.id, dead.id] }, 10), 0, 'of what waits')
    equals(await drain(outbox), ['2', '3', '1'], 'what was delivered')
  }),

  outboxCase(
    'dead letters of an endpoint are sent again, the oldest first',
    async (store, outbox) => {
      for (const text of ['1', '2', '3']) {
        await send(store, text, { to: [east, west] })
        for (const entry of (await claimAll(outbox)).entries) await outbox.bury(entry, 'gone')
      }
      equals(await outbox.resend({ endpoint: east, state: 'waiting' }, 10), 0, 'of what waits')
      equals(await outbox.resend({ endpoint: east }, 2), 2, 'two')
      await listed(outbox, 'waiting', ['1', '2'])
      await listed(outbox, 'dead', ['1', '2', '3', '3'])
      equals(await outbox.resend({}, 10), 4, 'of all')
      equals(await drain(outbox, [east]), ['1', '2', '3'], 'of one endpoint')
      equals(await drain(outbox, [west]), ['1', '2', '3'], 'of the other')
    },
  ),

  outboxCase('one who listens is told of what is sent again', async (store, outbox) => {
    await send(store, '1')
    await outbox.bury(await claimOnly(outbox), 'gone')
    const called = new Promise<void>((resolve) => {
      outbox.onWaiting(resolve)
    })
    await outbox.resend({}, 10)
    await called
    equals(await drain(outbox), ['1'], 'what was delivered')
  }),

  outboxCase('entries are dropped for good', async (store, outbox) => {
    for (const text of ['1', '2', '3', '4']) await send(store, text)
    await send(store, 'west', { to: [west] })
    await outbox.bury(await claimOnly(outbox, { of: [east] }), 'gone')
    const { items } = await outbox.list({ limit: 10, endpoint: east })
    const ids = items.map(({ id }) => id)
    equals(await outbox.drop({ ids: [ids[2] ?? '', 'unknown'] }, 10), 1, 'one in the middle')
    await listed(outbox, 'waiting', ['2', '4', 'west'])
    equals(await outbox.drop({ ids }, 1), 1, 'no more than the limit')
    await listed(outbox, 'dead', [])
    equals(await outbox.drop({ endpoint: east, state: 'dead' }, 10), 0, 'dead letters')
    equals(await outbox.drop({ endpoint: east }, 10), 2, 'all of an endpoint')
    await listed(outbox, 'waiting', ['west'])
    equals(await outbox.drop({}, 10), 1, 'all')
    equals(await drain(outbox), [], 'what is delivered')
  }),

  outboxCase('what is dropped while it is claimed holds nothing up', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    const first = await claimOnly(outbox)
    equals(await outbox.drop({ ids: [first.id] }, 10), 1, 'how many')
    const second = await claimOnly(outbox)
    await outbox.delivered([first])
    await outbox.retry(first, { inMs: long, error: 'late' })
    equals(second.text, '2', 'the next')
    await listed(outbox, 'waiting', ['2'])
  }),

  outboxCase('lists are in pages, by endpoint and state', async (store, outbox) => {
    for (const text of ['1', '2', '3']) {
      await send(store, text, { to: [east, west] })
      await send(store, text, { repository: there })
    }
    for (const entry of (await claimAll(outbox)).entries) await outbox.bury(entry, 'gone')
    const { items } = await outbox.list({ limit: 100 })
    equals(items.length, 9, 'all')
    for (const endpoint of [undefined, east, west]) {
      for (const state of [undefined, 'waiting', 'dead'] as const) {
        const filter = {
          ...(endpoint === undefined ? {} : { endpoint }),
          ...(state === undefined ? {} : { state }),
        }
        const ids = items
          .filter((each) => endpoint === undefined || each.endpoint === endpoint)
          .filter((each) => state === undefined || each.state === state)
          .map(({ id }) => id)
        await checkPages(
          (page) => outbox.list({ ...page, ...filter }),
          ids,
          ({ id }) => id,
        )
      }
    }
  }),

  outboxCase('counts say what each endpoint has', async (store, outbox) => {
    await send(store, 'é', { to: [east, west] })
    await send(store, '12345')
    await outbox.bury(await claimOnly(outbox, { of: [east] }), 'gone')
    const waiting = await outbox.list({ limit: 10, state: 'waiting' })
    const oldestOf = (endpoint: string): number | null =>
      waiting.items.find((each) => each.endpoint === endpoint)?.queuedAt ?? null
    const counts = (await outbox.counts()).toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
    const none = { waiting: 0, dead: 0, waitingBytes: 0, deadBytes: 0, dropped: 0, oldestAt: null }
    equals(
      counts,
      [
        {
          ...none,
          endpoint: east,
          waiting: 1,
          waitingBytes: 5,
          dead: 1,
          deadBytes: 2,
          oldestAt: oldestOf(east),
        },
        { ...none, endpoint: west, waiting: 1, waitingBytes: 2, oldestAt: oldestOf(west) },
      ],
      'counts',
    )
    await outbox.drop({}, 10)
    for (const { endpoint, ...rest } of await outbox.counts()) equals(rest, none, endpoint)
  }),

  outboxCase('beyond the bounds the oldest messages are dead letters', async (store, outbox) => {
    for (const text of ['1', '2', '3', '4']) await send(store, text, { to: [east, west] })
    await outbox.drop({ endpoint: west }, 3)
    equals(await trimAll(outbox, boundless), { buried: 0, dropped: 0 }, 'within them')
    equals(await trimAll(outbox, { ...boundless, waiting: 2 }), { buried: 2, dropped: 0 }, 'more')
    await listed(outbox, 'dead', ['1', '2'])
    const { items } = await outbox.list({ limit: 10, state: 'dead' })
    holds(
      items.every(({ error, endpoint }) => (error ?? '').length > 0 && endpoint === east),
      'it is said why they are dead',
    )
    equals(await drain(outbox, [east]), ['3', '4'], 'what is delivered')
  }),

  outboxCase('beyond the bounds the oldest dead letters go', async (store, outbox) => {
    for (const text of ['1', '2', '3', '4']) await send(store, text)
    const limits = { ...boundless, waiting: 1, dead: 2 }
    equals(await trimAll(outbox, limits), { buried: 3, dropped: 1 }, 'what was done')
    await listed(outbox, 'dead', ['2', '3'])
    await listed(outbox, 'waiting', ['4'])
    equals((await outbox.counts())[0]?.dropped, 1, 'what the counts say')
    equals(await trimAll(outbox, limits), { buried: 0, dropped: 0 }, 'once more')
  }),

  outboxCase('bounds hold for bytes too', async (store, outbox) => {
    for (const text of ['é1', 'é2', 'é3', 'é4']) await send(store, text)
    const limits = { ...boundless, waitingBytes: 6, deadBytes: 5 }
    equals(await trimAll(outbox, limits), { buried: 2, dropped: 1 }, 'what was done')
    await listed(outbox, 'dead', ['é2'])
    await listed(outbox, 'waiting', ['é3', 'é4'])
  }),

  outboxCase('what is claimed is not cut off by a bound', async (store, outbox) => {
    for (const text of ['1', '2', '3']) await send(store, text)
    const first = await claimOnly(outbox)
    equals((await trimAll(outbox, { ...boundless, waiting: 1 })).buried, 2, 'what was done')
    await listed(outbox, 'waiting', ['1'])
    await outbox.delivered([first])
  }),

  outboxCase(
    'dead letters outlive the process',
    async (store, outbox, place) => {
      for (const text of ['1', '2', '3', '4', '5']) await send(store, text)
      for (const error of ['first', 'second']) await outbox.bury(await claimOnly(outbox), error)
      const [letter] = (await outbox.list({ limit: 1, state: 'dead' })).items
      await outbox.resend({ ids: [letter?.id ?? ''] }, 10)
      await outbox.drop({ ids: [(await claimOnly(outbox)).id] }, 10)
      const before = await outbox.list({ limit: 10, state: 'dead' })
      await store.close()
      const next = outboxOf(await place.open())
      const after = await next.list({ limit: 10, state: 'dead' })
      equals(after.items.map(factsOf), before.items.map(factsOf), 'dead letters')
      equals(textsOf(after.items), ['2'], 'their texts')
      equals(await drain(next), ['4', '5', '1'], 'what is delivered')
      equals(await next.resend({}, 10), 1, 'what is sent again')
      equals(await drain(next), ['2'], 'what is delivered then')
    },
    ['reopen'],
  ),
]

/** What a store does not forget of an entry. */
function factsOf({ dueAt: _, ...facts }: OutboxEntry): object {
  return facts
}
