import { equals, holds } from '../contract.ts'
import {
  claimAll,
  claimOnly,
  east,
  outboxCase,
  outboxOf,
  send,
  textsOf,
  west,
} from './outbox-case.ts'
import { here, long, type MetadataStoreCase, over, placeCase, there } from './store-case.ts'

/** Longer than a case takes, in milliseconds: the time of a store may go on by itself, beside what is added to it. */
const aWhile = 30_000

/** Whether it is so many milliseconds, give or take what a case takes. */
function isWithin(ms: number | null, expected: number): boolean {
  return ms !== null && ms <= expected && ms > expected - aWhile
}

/** Whose messages are, and for how long; deliveries that failed. */
export const outboxClaimCases: readonly MetadataStoreCase[] = [
  outboxCase('a claim that is given back leaves all as it was', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    await outbox.release([await claimOnly(outbox)])
    const again = await claimOnly(outbox)
    equals([again.text, again.tries, again.error], ['1', 0, null], 'the message')
  }),

  outboxCase('a claim ends by its time', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    const first = await claimOnly(outbox, { forMs: over })
    const second = await claimOnly(outbox)
    equals(second.id, first.id, 'the message that can be claimed again')
    equals(second.tries, 0, 'its tries')
    holds(second.claim !== first.claim, 'each claim has a name of its own')
  }),

  outboxCase(
    'a claim lasts as long as it is for',
    async (store, outbox, place) => {
      await send(store, '1')
      const { entries, nextInMs } = await outbox.claim([east], { limit: 9, forMs: 60_000 })
      equals(textsOf(entries), ['1'], 'the claim')
      holds(isWithin(nextInMs, 60_000), 'it says when it ends')
      await place.advance(60_000 - aWhile)
      const before = await claimAll(outbox)
      equals(before.entries, [], 'before its end')
      holds(isWithin(before.nextInMs, aWhile), 'it still says when it ends')
      await place.advance(aWhile)
      equals((await claimOnly(outbox)).text, '1', 'after its end')
    },
    ['clock'],
  ),

  outboxCase('a claim that is not the newest changes nothing', async (store, outbox) => {
    await send(store, '1')
    const old = await claimOnly(outbox, { forMs: over })
    const fresh = await claimOnly(outbox)
    await outbox.retry(old, { inMs: 0, error: 'late' })
    await outbox.bury(old, 'late')
    await outbox.release([old])
    equals((await claimAll(outbox)).entries, [], 'what others can claim')
    await outbox.retry(fresh, { inMs: 0, error: 'down' })
    const again = await claimOnly(outbox)
    equals([again.tries, again.error], [1, 'down'], 'what the newest claim said')
    await outbox.release([fresh])
    await outbox.bury(fresh, 'late')
    equals((await claimAll(outbox)).entries, [], 'what is claimed again')
    // It arrived all the same.
    await outbox.delivered([old])
    await outbox.delivered([old, fresh])
    equals(await outbox.list({ limit: 10 }), { items: [], more: false }, 'the list')
    await outbox.retry(again, { inMs: 0, error: 'late' })
    equals(await outbox.list({ limit: 10 }), { items: [], more: false }, 'and afterwards')
  }),

  outboxCase('what is behind a failed delivery waits too', async (store, outbox) => {
    await send(store, '1')
    await send(store, '2')
    await send(store, '3', { repository: there })
    const [first, other] = (await claimAll(outbox)).entries
    holds(first !== undefined && other !== undefined, 'two messages can be claimed')
    await outbox.retry(first, { inMs: long, error: 'no answer' })
    const { entries, nextInMs } = await claimAll(outbox)
    equals(entries, [], 'what can be claimed')
    holds(nextInMs !== null && nextInMs > 0 && nextInMs <= long, 'it is due later')
    await outbox.delivered([other])
    const { items } = await outbox.list({ limit: 10, state: 'waiting' })
    equals(
      items.map(({ text, tries, error }) => [text, tries, error]),
      [
        ['1', 1, 'no answer'],
        ['2', 0, null],
      ],
      'what waits',
    )
    holds((items[0]?.dueAt ?? 0) > (items[1]?.dueAt ?? 0), 'the list says when it is due')
  }),

  outboxCase(
    'a failed delivery is due again after its time',
    async (store, outbox, place) => {
      await send(store, '1')
      await outbox.retry(await claimOnly(outbox), { inMs: 60_000, error: 'down' })
      const { entries, nextInMs } = await claimAll(outbox)
      equals(entries, [], 'before')
      holds(isWithin(nextInMs, 60_000), 'it says when it is due')
      await place.advance(60_000)
      equals((await claimOnly(outbox)).tries, 1, 'after')
    },
    ['clock'],
  ),

  outboxCase('two who claim get different messages, and all in order', async (store, outbox) => {
    const repositories = [here, there]
    const count = 60
    const to = { to: [east, west] }
    for (let number = 0; number < count; number += 1) {
      for (const repository of repositories) await send(store, `${number}`, { repository, ...to })
    }
    const seen: Map<string, string[]> = new Map()
    const work = async (): Promise<void> => {
      let idle = 0
      while (idle < 3) {
        const { entries } = await outbox.claim([east, west], { limit: 3, forMs: long })
        idle = entries.length === 0 ? idle + 1 : 0
        for (const { endpoint, repository, text } of entries) {
          const key = `${endpoint} ${repository}`
          seen.set(key, [...(seen.get(key) ?? []), text])
        }
        await outbox.delivered(entries)
      }
    }
    await Promise.all([work(), work()])
    // One may have ended while the other still had something.
    await work()
    const numbers = Array.from({ length: count }, (_, number) => `${number}`)
    equals(seen.size, 4, 'endpoints and repositories')
    for (const [key, texts] of seen) equals(texts, numbers, key)
  }),

  placeCase(
    'of two stores, one claims what the other did not',
    ['outbox', 'secondInstance'],
    async (place) => {
      const stores = [await place.open(), await place.open()] as const
      const [first, second] = [outboxOf(stores[0]), outboxOf(stores[1])]
      const called = new Promise<void>((resolve) => {
        second.onWaiting(resolve)
      })
      await send(stores[0], '1')
      await called
      await send(stores[1], '2')
      const one = await claimOnly(first)
      equals((await claimAll(second)).entries, [], 'what the other can claim')
      await first.retry(one, { inMs: 0, error: 'down' })
      const again = await claimOnly(second)
      equals([again.text, again.tries, again.error], ['1', 1, 'down'], 'what failed')
      await first.bury(one, 'late')
      await second.delivered([again])
      equals(textsOf((await claimAll(first)).entries), ['2'], 'what came after it')
      equals((await claimAll(second)).entries, [], 'what the other can claim')
    },
  ),
]
