import type { UploadSession } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { opened, type UploadStoreCase, uploadCase } from './store-case.ts'

/** Which sessions are idle. */
export const expiryCases: readonly UploadStoreCase[] = [
  uploadCase('idle sessions are listed oldest first, up to a limit', async (store) => {
    const made = new Map<number, UploadSession>()
    for (const touchedAt of [50, 20, 90, 10, 70, 30]) {
      made.set(touchedAt, await opened(store, { touchedAt }))
    }
    const order = (sessions: readonly UploadSession[]) => sessions.map((each) => each.touchedAt)
    equals(order(await store.expired(60, 10)), [10, 20, 30, 50], 'touched before 60')
    equals(order(await store.expired(60, 2)), [10, 20], 'two of them')
    equals(order(await store.expired(10, 10)), [], 'touched before the oldest')
    equals(await store.expired(60, 0), [], 'none of them')
    equals((await store.expired(11, 1))[0], made.get(10), 'the session itself')
  }),

  uploadCase('a session that was touched or removed does not expire', async (store) => {
    const touched = await opened(store, { touchedAt: 10 })
    const removed = await opened(store, { touchedAt: 10 })
    const idle = await opened(store, { touchedAt: 10 })
    await store.claim(touched.id, 'holder', 1000)
    await store.save({ ...touched, touchedAt: 500 }, 'holder')
    await store.remove(removed.id)
    equals(await store.expired(100, 10), [idle], 'touched before 100')
    equals((await store.expired(501, 10)).length, 2, 'sessions touched before 501')
  }),

  uploadCase('a claimed session does not expire until its claim lapses', async (store, clock) => {
    const claimed = await opened(store, { touchedAt: 10 })
    const idle = await opened(store, { touchedAt: 20 })
    await store.claim(claimed.id, 'holder', 1000)
    equals(await store.expired(100, 1), [idle], 'while it is claimed')
    clock.advance(1000)
    equals(await store.expired(100, 10), [claimed, idle], 'once the claim lapsed')
    const [first] = await store.expired(100, 1)
    holds(first !== undefined, 'there is an expired session')
    equals(await store.claim(first.id, 'collector', 1000), claimed, 'claiming what expired')
    equals(await store.remove(first.id), true, 'removing it')
    equals(await store.expired(100, 10), [idle], 'what is left')
  }),
]
