import type { UploadSession } from '../../kit.ts'
import { equals, rejectsWith } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  ample,
  claimed,
  found,
  opened,
  placeCase,
  removed,
  saved,
  session,
  type UploadStoreCase,
  withBytes,
} from './store-case.ts'

const hour = 60 * 60 * 1000

/** A store may forget hashes: the bytes are then read again. */
function withoutHash(session: UploadSession | null): UploadSession | null {
  return session && { ...session, hexSoFar: null, hashState: null }
}

/** What outlives an instance of the store, and what two of them see of each other. */
export const uploadInstanceCases: readonly UploadStoreCase[] = [
  placeCase('closing again is harmless', [], async ({ open }) => {
    const store = await open()
    await store.check?.()
    await opened(store)
    await store.close()
    await store.close()
  }),

  placeCase('a session with bytes outlives the store', ['reopen'], async ({ open, reopen }) => {
    const first = await open()
    const stage = { size: 20, key: 'a', parts: [{ number: 1, etag: 'x' }], tail: null }
    const made = await opened(first, { principal: 'p', owner: 'o' })
    const one = await saved(first, made, { offset: 20, stage, hexSoFar: 'ab', hashState: 'c3Q=' })
    const committed = { digest: sampleDigest(1), size: 7, key: 'k/1' }
    const two = await saved(first, await opened(first), { offset: 7, committed })
    const gone = await saved(first, await opened(first), withBytes(400))
    await removed(first, gone)
    const second = await reopen()
    equals(withoutHash(await found(second, one)), withoutHash(one), 'the session')
    equals(withoutHash(await found(second, two)), two, 'the session that is committed')
    equals(await found(second, gone), null, 'the session that was removed')
    equals(await second.stagedBytes('o'), { total: 27, own: 20 }, 'the bytes')
    const later = await saved(second, one, withBytes(25))
    equals(await found(second, one), later, 'the session, saved again')
  }),

  placeCase('idle time outlives the store', ['reopen'], async ({ open, reopen }, clock) => {
    const first = await open()
    const made = await saved(first, await opened(first), withBytes(5))
    clock.advance(hour)
    const second = await reopen()
    equals(await second.expired(2 * hour, 10), [], 'after an hour')
    clock.advance(hour)
    equals((await second.expired(2 * hour, 10)).length, 1, 'after another hour')
    equals(await second.find(made.id, 2 * hour), null, 'finding it')
  }),

  placeCase('two instances share sessions and claims', ['secondInstance'], async (place, clock) => {
    const [one, two] = [await place.open(), await place.open()]
    const made = await opened(one, { owner: 'a' })
    equals(await found(two, made), made, 'finding it in the other')
    equals(await claimed(one, made, 'one', 1000), made, 'a claim')
    equals(await claimed(two, made, 'two', 1000), 'busy', 'a claim in the other')
    equals(await one.renew(made.id, 'one', 1000), 'wanted', 'the holder learns of it')
    clock.advance(1000)
    equals(await claimed(two, made, 'two', 5000), made, 'taking it over once it lapsed')
    equals(await one.renew(made.id, 'one', 1000), 'lost', 'the first holder renews')
    equals(await one.save({ ...made, ...withBytes(3) }, 'one'), false, 'the first holder saves')
    equals(await one.remove(made.id, 'one'), false, 'the first holder removes')
    const later = { ...made, ...withBytes(4) }
    equals(await two.save(later, 'two'), true, 'the second holder saves')
    equals(await found(one, made), later, 'finding it in the first')
    equals(await one.stagedBytes('a'), { total: 4, own: 4 }, 'bytes counted in the first')
  }),

  placeCase('two instances share caps', ['secondInstance'], async ({ open }) => {
    const [one, two] = [await open(), await open()]
    const caps = { total: 3, perOwner: 2 }
    const make = (owner: string) => session({ owner, ...withBytes(1) })
    equals(await one.create(make('a'), caps), true, 'the first of a')
    equals(await two.create(make('a'), caps), true, 'the second of a')
    equals(await one.create(make('a'), caps), false, 'the third of a')
    equals(await one.create(make('b'), caps), true, 'the first of b')
    equals(await two.create(make('c'), caps), false, 'one more than the total')
  }),

  placeCase('after an outage the same call may be made again', ['outages'], async (place) => {
    const store = await place.open()
    const made = await opened(store)
    await claimed(store, made, 'holder')
    const later = { ...made, ...withBytes(5) }
    const steps: Array<[string, () => Promise<unknown>, unknown]> = [
      ['create', () => store.create(made, ample), true],
      ['find', () => found(store, made), made],
      ['claim', () => claimed(store, made, 'holder'), made],
      ['renew', () => store.renew(made.id, 'holder', 1000), 'held'],
      ['save', () => store.save(later, 'holder'), true],
      ['stagedBytes', () => store.stagedBytes(null), { total: 5, own: 5 }],
      ['expired', () => store.expired(1, 10), []],
      ['claim again', () => claimed(store, made, 'holder'), later],
      ['release', () => store.release(made.id, 'holder'), undefined],
      ['claim once more', () => claimed(store, made, 'holder'), later],
      ['remove', () => store.remove(made.id, 'holder'), true],
    ]
    for (const [name, call, expected] of steps) {
      const callOff = place.failOnce()
      let answer: unknown
      try {
        answer = await call()
      } catch (error) {
        await rejectsWith('unavailable', () => Promise.reject(error), name)
        answer = await call()
      }
      callOff()
      equals(answer, expected, name)
    }
    equals(await found(store, made), null, 'the session in the end')
  }),
]
