import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PostgresStores } from '../../adapters/postgres/open-postgres.ts'
import { type BlobRef, type BlobStore, newUploadId } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { blobStoreContract } from '../../src/testing/index.ts'
import { partStore } from '../../src/testing/part-store.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/samples.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { databasePlace, mixedPlace, smallPlace, smallSupports } from './places.ts'

const limit = 64 * 1024

withServices('small blobs in PostgreSQL', { postgres: postgresAlone }, (running) => {
  describe('the contract, where all blobs are small', () => {
    contractTests(blobStoreContract, smallSupports, () => smallPlace(running.postgres), 4)
  })
  describe('the contract, around a bucket', () => {
    contractTests(blobStoreContract, smallSupports, () => mixedPlace(running.postgres, 2000), 8)
  })

  describe('around another store', () => {
    let stores: PostgresStores
    let around: BlobStore
    let blobs: BlobStore
    const place = () => databasePlace(running.postgres, Date.now)
    let ask: ReturnType<typeof place>['ask']

    beforeEach(async () => {
      const database = place()
      ask = database.ask
      stores = await database.open()
      around = memoryBlobs()
      blobs = stores.smallBlobs(around)
    })
    afterEach(() => stores.close())

    async function push(bytes: Uint8Array, length?: number, number = 1): Promise<BlobRef> {
      const hint = length === undefined ? {} : { length }
      const staged = await blobs.stage(newUploadId(), hint)
      for (let at = 0; at < bytes.byteLength; at += 10_000) {
        await staged.write(bytes.slice(at, at + 10_000))
      }
      return staged.commit(sampleDigest(number))
    }

    async function keysAround(): Promise<readonly string[]> {
      const keys: string[] = []
      for await (const { key } of around.list()) keys.push(key)
      return keys
    }

    test.each([
      ['said ahead', (size: number) => size],
      ['not said', () => undefined],
      ['said wrong', () => 1],
    ])('the size decides where bytes go, %s', async (_, said) => {
      const small = await push(sampleBytes(limit), said(limit), 1)
      expect(await keysAround()).toEqual([])
      const large = await push(sampleBytes(limit + 1), said(limit + 1), 2)
      expect(await keysAround()).toEqual([large.key])
      const open = await blobs.open(small)
      expect(open?.bytes).toEqual(sampleBytes(limit))
      const stream = (await blobs.open(large))?.stream()
      expect(stream && (await readAll(stream))).toEqual(sampleBytes(limit + 1))
    })

    test('an upload goes on from the database into the other store, from any node', async () => {
      const id = newUploadId()
      const bytes = sampleBytes(100_000)
      const first = await blobs.stage(id, {})
      await first.write(bytes.slice(0, 30_000))
      const small = JSON.parse(JSON.stringify(await first.suspend()))
      const other = stores.smallBlobs(around)
      const second = await other.stage(id, {}, small)
      await second.write(bytes.slice(30_000, 90_000))
      const large = JSON.parse(JSON.stringify(await second.suspend()))
      expect([small.size, large.size]).toEqual([30_000, 90_000])
      const third = await blobs.stage(id, {}, large)
      await third.write(bytes.slice(90_000))
      const blob = await third.commit(sampleDigest(1))
      expect(await keysAround()).toEqual([blob.key])
      const stream = (await blobs.open(blob))?.stream()
      expect(stream && (await readAll(stream))).toEqual(bytes)
    })

    test('a state from before its bytes went on is as good as it was', async () => {
      const id = newUploadId()
      const first = await blobs.stage(id, {})
      await first.write(sampleBytes(30_000))
      const state = await first.suspend()
      const dead = await blobs.stage(id, {}, state)
      await dead.write(sampleBytes(80_000, 9))
      await dead.suspend()
      const next = await blobs.stage(id, {}, state)
      const blob = await next.commit(sampleDigest(1))
      expect([blob.size, await keysAround()]).toEqual([30_000, []])
    })

    test('the list has both stores, and goes on after a key of either', async () => {
      const all: string[] = []
      for (const size of [10, 100_000, 20, 200_000, 30]) await push(sampleBytes(size))
      for await (const { key } of blobs.list()) all.push(key)
      expect(new Set(all).size).toBe(5)
      for (const [index, key] of all.entries()) {
        const rest: string[] = []
        for await (const found of blobs.list(key)) rest.push(found.key)
        expect(rest).toEqual(all.slice(index + 1))
      }
    })

    test('only what is large has a URL', async () => {
      expect(blobs.presign).toBeUndefined()
      const presigning = stores.smallBlobs(partStore())
      blobs = presigning
      const [small, large] = [await push(sampleBytes(100)), await push(sampleBytes(100_000))]
      expect(await presigning.presign?.(small, 1000)).toBeNull()
      expect(await presigning.presign?.(large, 1000)).toBeInstanceOf(URL)
    })

    test('what comes together is written together, each under a key of its own', async () => {
      const before = await ask(committed)
      const pushed = await Promise.all(
        Array.from({ length: 200 }, (_, number) => push(sampleBytes(300, number))),
      )
      const after = await ask(committed)
      expect(new Set(pushed.map(({ key }) => key)).size).toBe(200)
      for (const [number, blob] of pushed.entries()) {
        expect((await blobs.open(blob))?.bytes).toEqual(sampleBytes(300, number))
      }
      expect(Number(after[0]?.ids) - Number(before[0]?.ids)).toBeLessThan(20)
    })
  })
})

/** Counts transactions that wrote. */
const committed = 'select pg_current_xact_id()::text::bigint as ids'
