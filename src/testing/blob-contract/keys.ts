import { type BlobRef, type BlobStore, newUploadId } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import {
  type BlobStoreCase,
  blobCase,
  get,
  listed,
  put,
  suspended,
  writeAll,
} from './store-case.ts'

const digest = sampleDigest(1)

async function putMany(store: BlobStore, count: number): Promise<BlobRef[]> {
  const blobs: BlobRef[] = []
  for (let number = 0; number < count; number += 1) {
    blobs.push(await put(store, sampleDigest(number), sampleBytes(number * 700)))
  }
  return blobs
}

function keysOf(blobs: readonly BlobRef[]): string[] {
  return blobs.map(({ key }) => key).sort()
}

/** Keys: each used once, and all of them listed. */
export const keyCases: readonly BlobStoreCase[] = [
  blobCase('a key is used once, also for the same digest', async (store) => {
    const [one, two] = await Promise.all([
      put(store, digest, sampleBytes(3000)),
      put(store, digest, sampleBytes(3000)),
    ])
    holds(one.key !== two.key, 'two commits have two keys')
    equals(await store.delete(one), true, 'deleting the first')
    equals(await get(store, two), sampleBytes(3000), 'the second')
    const three = await put(store, digest, sampleBytes(3000))
    holds(three.key !== one.key && three.key !== two.key, 'a deleted key is not used again')
    equals(await store.open(one), null, 'opening the deleted key')
    equals(await store.delete(one), false, 'deleting it again')
    equals(await get(store, three), sampleBytes(3000), 'the third')
  }),

  blobCase('an upload that is committed again gets another key', async (store) => {
    const id = newUploadId()
    const keys = new Set<string>()
    for (let round = 0; round < 3; round += 1) {
      const staged = await store.stage(id, {})
      await writeAll(staged, sampleBytes(2000))
      const blob = await staged.commit(digest)
      equals(await get(store, blob), sampleBytes(2000), 'the bytes')
      keys.add(blob.key)
    }
    equals(keys.size, 3, 'keys')
  }),

  blobCase('a key that the store never made opens nothing', async (store) => {
    const blob = await put(store, digest, sampleBytes(100))
    for (const key of ['', '.', '..', `../${blob.key}`, `${blob.key}x`, `/${blob.key}`, '\0']) {
      equals(await store.open({ ...blob, key }), null, `opening ${JSON.stringify(key)}`)
      equals(await store.delete({ ...blob, key }), false, `deleting ${JSON.stringify(key)}`)
    }
    equals(await get(store, blob), sampleBytes(100), 'the bytes')
  }),

  blobCase('an empty store lists nothing', async (store) => {
    equals(await listed(store, []), [], 'the list')
  }),

  blobCase('the list has every committed key once, and none that was discarded', async (store) => {
    const blobs = await putMany(store, 7)
    blobs.push(await put(store, sampleDigest(3), sampleBytes(2100)))
    const id = newUploadId()
    const staged = await store.stage(id, {})
    await writeAll(staged, sampleBytes(5000))
    const state = await suspended(staged)
    // Staged bytes may be listed, by a store that has them under their last key already.
    const all: string[] = []
    for await (const { key } of store.list()) all.push(key)
    equals(new Set(all).size, all.length, 'keys listed twice')
    equals(all.filter((key) => keysOf(blobs).includes(key)).sort(), keysOf(blobs), 'the list')
    await (await store.stage(id, {}, state)).discard()
    equals([...(await listed(store, blobs))].sort(), keysOf(blobs), 'the list, later')
  }),

  blobCase('the list goes on after any key, in the same order', async (store) => {
    const blobs = await putMany(store, 7)
    const all = await listed(store, blobs)
    equals(all.length, 7, 'keys listed')
    for (const [index, key] of all.entries()) {
      equals(await listed(store, blobs, key), all.slice(index + 1), 'what follows')
    }
    const gone = blobs.find(({ key }) => key === all[3])
    holds(gone !== undefined, 'a key in the middle')
    await store.delete(gone)
    equals(await listed(store, blobs, gone.key), all.slice(4), 'what follows a key that is gone')
  }),

  blobCase('blobs may be deleted while they are listed', async (store) => {
    await putMany(store, 7)
    let seen = 0
    for await (const found of store.list()) {
      seen += 1
      equals(await store.delete(found), true, 'deleting what is listed')
    }
    equals(seen, 7, 'keys seen')
    equals(await listed(store, []), [], 'what is left')
  }),
]
