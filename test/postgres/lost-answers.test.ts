import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/open-postgres.ts'
import { type BlobRef, newUploadId, type UploadSession } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/samples.ts'
import {
  ample,
  longIdle,
  session,
  withBytes,
} from '../../src/testing/upload-contract/store-case.ts'
import { type FaultProxy, faultProxy } from '../services/fault-proxy.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase } from './places.ts'

// The database has done what was asked, and its answer is lost with the connection.

withServices('an answer of the database that is lost', { postgres }, (running) => {
  let proxy: FaultProxy
  let stores: PostgresStores
  let made: UploadSession

  beforeEach(async () => {
    const url = new URL(await cleanDatabase(running.postgres))
    proxy = await faultProxy(Number(url.port))
    url.port = String(proxy.port)
    stores = await openPostgres({ url: url.href, poolSize: 1, patienceMs: 0 })
    made = session({ owner: 'owner', ...withBytes(5) })
    await stores.uploads.create(made, ample)
  })
  afterEach(async () => {
    await stores.close()
    await proxy.close()
  })

  const find = () => stores.uploads.find(made.id, longIdle)
  const claim = () => stores.uploads.claim(made.id, 'holder', 60_000, longIdle)
  const withClaim = async () => void (await claim())
  /** A call, what has to be so before it, its answer, and the owner's bytes afterwards. */
  type Row = [string, () => Promise<void>, () => Promise<unknown>, unknown, number]
  const nothing = async (): Promise<void> => {}
  const calls: readonly Row[] = [
    [
      'create',
      nothing,
      () => stores.uploads.create(session({ owner: 'owner', ...withBytes(7) }), ample),
      true,
      19,
    ],
    ['find', nothing, async () => (await find())?.offset, 5, 5],
    ['claim', nothing, async () => ((await claim()) as UploadSession).offset, 5, 5],
    ['renew', withClaim, () => stores.uploads.renew(made.id, 'holder', 60_000), 'held', 5],
    [
      'save',
      withClaim,
      () => stores.uploads.save({ ...made, ...withBytes(50) }, 'holder'),
      true,
      50,
    ],
    ['release', withClaim, () => stores.uploads.release(made.id, 'holder'), undefined, 5],
    // Another may have removed it as well: its bytes are left alone.
    ['remove', withClaim, () => stores.uploads.remove(made.id, 'holder'), false, 0],
  ]

  test.each(calls)('of %s changes nothing', async (_, prepare, call, answer, bytes) => {
    // Known statements are one request each: these are known now.
    await prepare()
    await call()
    await stores.uploads.remove(made.id, 'holder')
    await stores.uploads.create(made, ample)
    await prepare()
    const fault = proxy.inject({ kind: 'swallow' })
    expect(await call()).toEqual(answer)
    expect(fault.happened).toBe(1)
    expect((await stores.uploads.stagedBytes('owner')).own).toBe(bytes)
  })

  test('of a small blob writes it once', async () => {
    const blobs = stores.smallBlobs(memoryBlobs())
    const push = async (): Promise<BlobRef> => {
      const staged = await blobs.stage(newUploadId(), {})
      await staged.write(sampleBytes(1000))
      return staged.commit(sampleDigest(1))
    }
    await blobs.delete(await push())
    const fault = proxy.inject({ kind: 'swallow' })
    const blob = await push()
    expect([fault.happened, (await blobs.open(blob))?.bytes]).toEqual([1, sampleBytes(1000)])
    const keys: string[] = []
    for await (const { key } of blobs.list()) keys.push(key)
    expect(keys).toEqual([blob.key])
  })

  test('of a replaced text says that it was replaced', async () => {
    const text = stores.keyStore('keys')
    await text.replace(null, 'none')
    await text.replace('none', 'one')
    const fault = proxy.inject({ kind: 'swallow' })
    expect(await text.replace('one', 'two')).toBe(true)
    expect([fault.happened, await text.read()]).toEqual([1, 'two'])
  })

  test('more than one is for the caller to try again', async () => {
    await find()
    const fault = proxy.inject({ kind: 'swallow' }, { times: 100 })
    await expect(find()).rejects.toMatchObject({ kind: 'unavailable' })
    fault.remove()
    expect(await find()).toEqual(made)
  })
})
