import type { StageState } from '../../kit.ts'
import { equals } from '../contract.ts'
import { opened, session, type UploadStoreCase, uploadCase } from './store-case.ts'

/** Sessions, how many, and the bytes they hold. */
export const sessionCases: readonly UploadStoreCase[] = [
  uploadCase('a session is found as it was created', async (store) => {
    const stage: StageState = { size: 7, key: 'a/b', parts: [{ number: 1 }], tail: null }
    const hexSoFar = 'ab'.repeat(32)
    const made = await opened(store, { principal: '__proto__', offset: 7, hexSoFar, stage })
    equals(await store.find(made.id), made, 'the session found')
    equals(await store.claim(made.id, 'holder', 1000), made, 'the session claimed')
  }),

  uploadCase('what was never created is unknown', async (store) => {
    const stranger = session()
    equals(await store.find(stranger.id), null, 'finding it')
    equals(await store.claim(stranger.id, 'holder', 1000), null, 'claiming it')
    equals(await store.save(stranger, 'holder'), false, 'saving it')
    equals(await store.remove(stranger.id), false, 'removing it')
    await store.release(stranger.id, 'holder')
    equals(await store.find(stranger.id), null, 'finding it after all that')
  }),

  uploadCase('a removed session is unknown', async (store) => {
    const made = await opened(store)
    await store.claim(made.id, 'holder', 1000)
    equals(await store.remove(made.id), true, 'removing it')
    equals(await store.remove(made.id), false, 'removing it again')
    equals(await store.find(made.id), null, 'finding it')
    equals(await store.save(made, 'holder'), false, 'saving it under the claim it had')
    equals(await store.find(made.id), null, 'finding it then')
  }),

  uploadCase('no more sessions than the total', async (store) => {
    const caps = { total: 2, perPrincipal: 100 }
    const first = session({ principal: 'a' })
    equals(await store.create(first, caps), true, 'the first')
    equals(await store.create(session({ principal: 'b' }), caps), true, 'the second')
    const third = session({ principal: 'c' })
    equals(await store.create(third, caps), false, 'the third')
    equals(await store.find(third.id), null, 'finding the third')
    await store.remove(first.id)
    equals(await store.create(third, caps), true, 'the third, with room for it')
  }),

  uploadCase('no more sessions than one principal may have', async (store) => {
    const caps = { total: 100, perPrincipal: 1 }
    for (const principal of ['constructor', '__proto__', '', null]) {
      const first = session({ principal })
      equals(await store.create(first, caps), true, `the first of ${principal}`)
      equals(await store.create(session({ principal }), caps), false, `more of ${principal}`)
      await store.claim(first.id, 'holder', 1000)
      await store.save({ ...first, offset: 5 }, 'holder')
      equals(await store.create(session({ principal }), caps), false, 'a save makes no room')
      await store.remove(first.id)
      equals(await store.create(session({ principal }), caps), true, `again for ${principal}`)
    }
  }),

  uploadCase('caps hold for sessions created at once', async (store) => {
    const caps = { total: 3, perPrincipal: 100 }
    const tries = Array.from({ length: 10 }, () => store.create(session(), caps))
    const made = (await Promise.all(tries)).filter((created) => created)
    equals(made.length, 3, 'sessions created')
  }),

  uploadCase('acknowledged bytes are counted together', async (store) => {
    equals(await store.stagedBytes(), 0, 'of none')
    const one = await opened(store, { offset: 100 })
    const two = await opened(store)
    await store.claim(two.id, 'holder', 1000)
    await store.save({ ...two, offset: 30 }, 'holder')
    equals(await store.stagedBytes(), 130, 'of two')
    await store.claim(two.id, 'holder', 1000)
    await store.save({ ...two, offset: 20 }, 'holder')
    equals(await store.save({ ...two, offset: 9000 }, 'nobody'), false, 'a save without a claim')
    equals(await store.stagedBytes(), 120, 'after one went back')
    await store.remove(one.id)
    await store.remove(one.id)
    equals(await store.stagedBytes(), 20, 'of the one left')
    await store.remove(two.id)
    equals(await store.stagedBytes(), 0, 'of none left')
  }),
]
