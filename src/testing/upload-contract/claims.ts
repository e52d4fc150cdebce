import { equals } from '../contract.ts'
import {
  claimed,
  found,
  opened,
  saved,
  type UploadStoreCase,
  uploadCase,
  withBytes,
} from './store-case.ts'

/** Who may change a session. */
export const claimCases: readonly UploadStoreCase[] = [
  uploadCase('a claimed session is busy for others, not for its holder', async (store) => {
    const made = await opened(store)
    equals(await claimed(store, made, 'one'), made, 'the first claim')
    equals(await claimed(store, made, 'two'), 'busy', 'a claim of another')
    equals(await claimed(store, made, 'one'), made, 'a claim of the same holder')
    equals(await found(store, made), made, 'finding it meanwhile')
  }),

  uploadCase('of many claims at once, one succeeds', async (store) => {
    const made = await opened(store)
    const holders = Array.from({ length: 10 }, (_, index) => `holder ${index}`)
    const answers = await Promise.all(holders.map((name) => claimed(store, made, name)))
    equals(answers.filter((answer) => answer !== 'busy').length, 1, 'claims that succeeded')
  }),

  uploadCase('claims of two sessions have nothing to do with each other', async (store) => {
    const [one, two] = [await opened(store), await opened(store)]
    equals(await claimed(store, one, 'holder'), one, 'the first')
    equals(await claimed(store, two, 'other'), two, 'the second')
    equals(await store.renew(one.id, 'holder', 1000), 'held', 'renewing the first')
  }),

  uploadCase('saving stores the state and gives the claim back', async (store) => {
    const made = await opened(store)
    await claimed(store, made, 'one')
    const later = { ...made, ...withBytes(10), hexSoFar: 'cd' }
    equals(await store.save(later, 'one'), true, 'saving')
    equals(await found(store, made), later, 'the session found')
    equals(await claimed(store, made, 'two'), later, 'a claim of another')
  }),

  uploadCase('releasing gives the claim back and changes nothing', async (store) => {
    const made = await opened(store)
    await claimed(store, made, 'one')
    await store.release(made.id, 'two')
    equals(await claimed(store, made, 'two'), 'busy', 'after a release by another')
    await store.release(made.id, 'one')
    equals(await claimed(store, made, 'two'), made, 'after a release by its holder')
    equals(await store.renew(made.id, 'one', 1000), 'lost', 'renewing what was released')
  }),

  uploadCase('who claims again what it saved gives it back by a release', async (store) => {
    const made = await opened(store)
    await claimed(store, made, 'one')
    const later = { ...made, ...withBytes(10) }
    equals(await store.save(later, 'one'), true, 'saving')
    equals(await claimed(store, made, 'one'), later, 'a claim of the same holder')
    equals(await claimed(store, made, 'two'), 'busy', 'a claim of another meanwhile')
    await store.release(made.id, 'one')
    equals(await claimed(store, made, 'two'), later, 'a claim of another after the release')
    await store.release(made.id, 'two')
    equals(await claimed(store, made, 'one'), later, 'a claim of the first, later')
  }),

  uploadCase('a claim lapses', async (store, clock) => {
    const made = await opened(store)
    await claimed(store, made, 'one', 1000)
    clock.advance(999)
    equals(await claimed(store, made, 'two'), 'busy', 'shortly before')
    clock.advance(1)
    equals(await claimed(store, made, 'two'), made, 'once it lapsed')
    equals(await claimed(store, made, 'one'), 'busy', 'for the one who had it')
  }),

  uploadCase('renewing and claiming again extend a claim', async (store, clock) => {
    const made = await opened(store)
    await claimed(store, made, 'one', 1000)
    clock.advance(900)
    equals(await store.renew(made.id, 'one', 1000), 'held', 'renewing')
    clock.advance(900)
    equals(await claimed(store, made, 'two'), 'busy', 'after the first time was over')
    equals(await claimed(store, made, 'one', 1000), made, 'claiming again')
    clock.advance(900)
    equals(await claimed(store, made, 'two'), 'busy', 'after the second time was over')
    equals(await store.save({ ...made, ...withBytes(1) }, 'one'), true, 'saving')
  }),

  uploadCase('a holder learns that another wants the session', async (store) => {
    const made = await opened(store)
    await claimed(store, made, 'one')
    equals(await store.renew(made.id, 'one', 1000), 'held', 'before another asked')
    await found(store, made)
    equals(await store.renew(made.id, 'one', 1000), 'held', 'after another looked')
    equals(await claimed(store, made, 'two'), 'busy', 'another asks')
    equals(await store.renew(made.id, 'one', 1000), 'wanted', 'after another asked')
    await store.release(made.id, 'one')
    equals(await claimed(store, made, 'two'), made, 'the claim of the other')
    equals(await store.renew(made.id, 'two', 1000), 'held', 'nobody wants it from that one')
  }),

  uploadCase('a claim taken over stops the first holder', async (store, clock) => {
    const made = await opened(store)
    await claimed(store, made, 'one', 1000)
    clock.advance(1000)
    equals(await store.renew(made.id, 'one', 1000), 'lost', 'renewing what lapsed')
    equals(await claimed(store, made, 'two', 5000), made, 'the claim of the other')
    equals(await store.renew(made.id, 'one', 1000), 'lost', 'renewing')
    equals(await store.save({ ...made, ...withBytes(3) }, 'one'), false, 'saving')
    equals(await store.remove(made.id, 'one'), false, 'removing')
    await store.release(made.id, 'one')
    equals(await store.renew(made.id, 'two', 5000), 'held', 'the other holds it still')
    equals(await found(store, made), made, 'the session found')
    equals(await store.remove(made.id, 'two'), true, 'removing by the other')
  }),

  uploadCase('without a claim nothing is saved and nothing removed', async (store, clock) => {
    const made = await opened(store)
    equals(await store.save({ ...made, ...withBytes(1) }, 'one'), false, 'saving')
    equals(await store.remove(made.id, 'one'), false, 'removing')
    await claimed(store, made, 'one', 1000)
    clock.advance(1001)
    equals(await store.save({ ...made, ...withBytes(2) }, 'one'), false, 'saving once it lapsed')
    equals(await store.remove(made.id, 'one'), false, 'removing once it lapsed')
    equals(await found(store, made), made, 'the session found')
    const later = await saved(store, made, withBytes(4))
    equals(await store.save({ ...made, ...withBytes(5) }, 'saver'), false, 'twice under one claim')
    equals(await found(store, made), later, 'the session found then')
  }),
]
