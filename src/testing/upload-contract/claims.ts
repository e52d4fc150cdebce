import { equals } from '../contract.ts'
import { opened, type UploadStoreCase, uploadCase } from './store-case.ts'

/** Who may change a session. */
export const claimCases: readonly UploadStoreCase[] = [
  uploadCase('a claimed session is busy for others, not for its holder', async (store) => {
    const made = await opened(store)
    equals(await store.claim(made.id, 'one', 1000), made, 'the first claim')
    equals(await store.claim(made.id, 'two', 1000), 'busy', 'a claim of another')
    equals(await store.claim(made.id, 'one', 1000), made, 'a claim of the same holder')
    equals(await store.find(made.id), made, 'finding it meanwhile')
  }),

  uploadCase('of many claims at once, one succeeds', async (store) => {
    const made = await opened(store)
    const holders = Array.from({ length: 10 }, (_, index) => `holder ${index}`)
    const answers = await Promise.all(holders.map((name) => store.claim(made.id, name, 1000)))
    equals(answers.filter((answer) => answer !== 'busy').length, 1, 'claims that succeeded')
  }),

  uploadCase('claims of two sessions have nothing to do with each other', async (store) => {
    const [one, two] = [await opened(store), await opened(store)]
    equals(await store.claim(one.id, 'holder', 1000), one, 'the first')
    equals(await store.claim(two.id, 'other', 1000), two, 'the second')
  }),

  uploadCase('saving stores the state and gives the claim back', async (store) => {
    const made = await opened(store)
    await store.claim(made.id, 'one', 1000)
    const later = { ...made, offset: 10, hexSoFar: 'cd', stage: { size: 10 }, touchedAt: 2000 }
    equals(await store.save(later, 'one'), true, 'saving')
    equals(await store.find(made.id), later, 'the session found')
    equals(await store.claim(made.id, 'two', 1000), later, 'a claim of another')
  }),

  uploadCase('releasing gives the claim back and changes nothing', async (store) => {
    const made = await opened(store)
    await store.claim(made.id, 'one', 1000)
    await store.release(made.id, 'two')
    equals(await store.claim(made.id, 'two', 1000), 'busy', 'after a release by another')
    await store.release(made.id, 'one')
    equals(await store.claim(made.id, 'two', 1000), made, 'after a release by its holder')
  }),

  uploadCase('a claim lapses', async (store, clock) => {
    const made = await opened(store)
    await store.claim(made.id, 'one', 1000)
    clock.advance(999)
    equals(await store.claim(made.id, 'two', 1000), 'busy', 'shortly before')
    clock.advance(1)
    equals(await store.claim(made.id, 'two', 1000), made, 'once it lapsed')
    equals(await store.claim(made.id, 'one', 1000), 'busy', 'for the one who had it')
  }),

  uploadCase('claiming again renews', async (store, clock) => {
    const made = await opened(store)
    await store.claim(made.id, 'one', 1000)
    clock.advance(900)
    await store.claim(made.id, 'one', 1000)
    clock.advance(900)
    equals(await store.claim(made.id, 'two', 1000), 'busy', 'after the first time was over')
    equals(await store.save({ ...made, offset: 1 }, 'one'), true, 'saving')
  }),

  uploadCase('a lost claim saves nothing', async (store, clock) => {
    const made = await opened(store)
    equals(await store.save({ ...made, offset: 1 }, 'one'), false, 'without a claim')
    await store.claim(made.id, 'one', 1000)
    clock.advance(1001)
    equals(await store.save({ ...made, offset: 2 }, 'one'), false, 'once it lapsed')
    await store.claim(made.id, 'two', 1000)
    equals(await store.save({ ...made, offset: 3 }, 'one'), false, 'once another has it')
    equals(await store.find(made.id), made, 'the session found')
    equals(await store.save({ ...made, offset: 4 }, 'two'), true, 'by the one who has it')
    equals(await store.save({ ...made, offset: 5 }, 'two'), false, 'twice under one claim')
    equals((await store.find(made.id))?.offset, 4, 'the offset')
  }),
]
