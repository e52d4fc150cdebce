import type { StageState } from '../../kit.ts'
import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  ample,
  claimed,
  found,
  opened,
  removed,
  saved,
  session,
  type UploadStoreCase,
  uploadCase,
  withBytes,
} from './store-case.ts'

/** Sessions, and the bytes they hold. */
export const sessionCases: readonly UploadStoreCase[] = [
  uploadCase('a session is found as it was created', async (store) => {
    const stage: StageState = { size: 7, key: 'a/b', parts: [{ number: 1 }], tail: null }
    const made = await opened(store, {
      principal: '__proto__',
      owner: 'constructor',
      offset: 7,
      algorithm: 'sha512',
      hexSoFar: 'ab'.repeat(64),
      hashState: 'c3RhdGU=',
      stage,
      committed: { digest: sampleDigest(1), size: 7, key: 'c/d' },
    })
    equals(await found(store, made), made, 'the session found')
    equals(await claimed(store, made, 'holder'), made, 'the session claimed')
  }),

  uploadCase('a session is found as it was saved', async (store) => {
    const made = await opened(store, { owner: 'a' })
    const stage: StageState = { size: 9, parts: [{ number: 1, etag: 'x' }], nested: { deep: [1] } }
    const later = await saved(store, made, { offset: 9, stage, hexSoFar: 'ef'.repeat(32) })
    equals(await found(store, made), later, 'the session with bytes')
    const committed = { digest: sampleDigest(2), size: 9, key: 'k' }
    const last = await saved(store, later, { stage: null, committed })
    equals(await found(store, made), last, 'the session with its bytes committed')
  }),

  uploadCase('what was never created is unknown', async (store) => {
    const stranger = session()
    equals(await found(store, stranger), null, 'finding it')
    equals(await claimed(store, stranger, 'holder'), null, 'claiming it')
    equals(await store.renew(stranger.id, 'holder', 1000), 'lost', 'renewing a claim of it')
    equals(await store.save(stranger, 'holder'), false, 'saving it')
    equals(await store.remove(stranger.id, 'holder'), false, 'removing it')
    await store.release(stranger.id, 'holder')
    equals(await found(store, stranger), null, 'finding it after all that')
  }),

  uploadCase('creating a session again changes nothing', async (store) => {
    const made = await opened(store, withBytes(10))
    equals(await store.create(made, ample), true, 'creating it again')
    equals((await store.stagedBytes(null)).total, 10, 'the bytes counted')
    const later = await saved(store, made, withBytes(30))
    equals(await store.create(made, ample), true, 'creating it once more')
    equals(await found(store, made), later, 'the session found')
  }),

  uploadCase('a removed session is unknown', async (store) => {
    const made = await opened(store)
    equals(await removed(store, made), true, 'removing it')
    equals(await removed(store, made), false, 'removing it again')
    equals(await found(store, made), null, 'finding it')
    equals(await store.save(made, 'remover'), false, 'saving it under the claim it had')
    equals(await found(store, made), null, 'finding it then')
  }),

  uploadCase('acknowledged bytes are counted together', async (store) => {
    equals((await store.stagedBytes(null)).total, 0, 'of none')
    const one = await opened(store, withBytes(100))
    const two = await opened(store)
    await saved(store, two, withBytes(30))
    equals((await store.stagedBytes(null)).total, 130, 'of two')
    await saved(store, two, withBytes(20))
    equals(await store.save({ ...two, ...withBytes(9000) }, 'none'), false, 'without a claim')
    equals((await store.stagedBytes(null)).total, 120, 'after one went back')
    await removed(store, one)
    await removed(store, one)
    equals((await store.stagedBytes(null)).total, 20, 'of the one left')
    await removed(store, two)
    equals((await store.stagedBytes(null)).total, 0, 'of none left')
  }),

  uploadCase('acknowledged bytes are counted for each owner', async (store) => {
    const owners = ['constructor', '__proto__', '', null]
    const other = await opened(store, {
      owner: 'another',
      principal: 'everyone',
      ...withBytes(1000),
    })
    for (const owner of owners) {
      const own = async () => (await store.stagedBytes(owner)).own
      equals(await own(), 0, `of ${owner}, who has none`)
      const one = await opened(store, { owner, principal: 'everyone', ...withBytes(100) })
      const two = await opened(store, { owner, principal: 'everyone' })
      await saved(store, two, withBytes(30))
      equals(await store.stagedBytes(owner), { total: 1130, own: 130 }, `of two of ${owner}`)
      await saved(store, two, withBytes(20))
      equals(await own(), 120, 'after one went back')
      await removed(store, one)
      equals(await own(), 20, 'of the one left')
      await removed(store, two)
      equals(await own(), 0, 'of none left')
    }
    equals(await store.stagedBytes('another'), { total: 1000, own: 1000 }, 'of another')
    await removed(store, other)
  }),
]
