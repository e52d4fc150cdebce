import type { UploadSession, UploadStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import type { FakeClock } from '../fake-clock.ts'
import {
  claimed,
  opened,
  removed,
  saved,
  type UploadStoreCase,
  uploadCase,
  withBytes,
} from './store-case.ts'

/** Sessions created ten milliseconds apart, oldest first; no time passes after the last. */
async function apart(store: UploadStore, clock: FakeClock, count: number) {
  const sessions: UploadSession[] = []
  for (let index = 0; index < count; index += 1) {
    if (index > 0) clock.advance(10)
    sessions.push(await opened(store))
  }
  return sessions
}

/** Which sessions are idle. */
export const expiryCases: readonly UploadStoreCase[] = [
  uploadCase('idle sessions are listed longest idle first, up to a limit', async (store, clock) => {
    const all = await apart(store, clock, 5)
    equals(await store.expired(10, 10), all.slice(0, 4), 'idle for 10')
    equals(await store.expired(11, 10), all.slice(0, 3), 'idle for 11')
    equals(await store.expired(10, 2), all.slice(0, 2), 'two of them')
    equals(await store.expired(41, 10), [], 'idle for longer than any')
    equals(await store.expired(0, 10), all, 'idle for any time')
    equals(await store.expired(0, 0), [], 'none of them')
  }),

  uploadCase('an idle session is unknown', async (store, clock) => {
    const made = await opened(store)
    clock.advance(99)
    equals(await store.find(made.id, 100), made, 'finding it shortly before')
    equals(await store.claim(made.id, 'one', 1, 100), made, 'claiming it shortly before')
    clock.advance(1)
    equals(await store.find(made.id, 100), null, 'finding it')
    equals(await store.claim(made.id, 'one', 1000, 100), null, 'claiming it')
    equals(await store.find(made.id, 101), made, 'finding it where it may be idle longer')
  }),

  uploadCase('saving ends idleness, looking and claiming do not', async (store, clock) => {
    const [looked, kept, gone] = await apart(store, clock, 3)
    holds(looked !== undefined && kept !== undefined && gone !== undefined, 'three sessions')
    clock.advance(100)
    await store.find(looked.id, 1000)
    await claimed(store, looked, 'one')
    await store.release(looked.id, 'one')
    const later = await saved(store, kept, withBytes(1))
    await removed(store, gone)
    equals(await store.expired(100, 10), [looked], 'idle for 100')
    clock.advance(100)
    equals(await store.expired(100, 10), [looked, later], 'idle for 100, later')
  }),

  uploadCase('a claimed session is not idle until its claim lapses', async (store, clock) => {
    const [held, idle] = await apart(store, clock, 2)
    holds(held !== undefined && idle !== undefined, 'two sessions')
    await claimed(store, held, 'holder', 1000)
    clock.advance(500)
    equals(await store.expired(500, 1), [idle], 'while it is claimed')
    equals(await store.find(held.id, 500), held, 'finding it while it is claimed')
    equals(await store.claim(held.id, 'other', 1000, 500), 'busy', 'a claim of another')
    clock.advance(500)
    equals(await store.expired(500, 10), [held, idle], 'once the claim lapsed')
    equals(await store.find(held.id, 500), null, 'finding it once the claim lapsed')
    equals(await claimed(store, held, 'collector'), held, 'claiming what expired')
    equals(await store.remove(held.id, 'collector'), true, 'removing it')
    equals(await store.expired(500, 10), [idle], 'what is left')
  }),
]
