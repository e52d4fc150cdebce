import { newUploadId } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { joined, readAll, sampleBytes, sampleDigest } from '../samples.ts'
import {
  type BlobStoreCase,
  get,
  listed,
  placeCase,
  put,
  suspended,
  writeAll,
} from './store-case.ts'

const digest = sampleDigest(1)

/** What outlives an instance of the store, and what two of them see of each other. */
export const instanceCases: readonly BlobStoreCase[] = [
  placeCase('closing again is harmless', [], async ({ open }) => {
    const store = await open()
    await put(store, digest, sampleBytes(10))
    await store.close()
    await store.close()
  }),

  placeCase('a store that can be used says so', [], async ({ open }) => {
    const store = await open()
    await store.check?.()
  }),

  placeCase('committed bytes outlive the store', ['reopen'], async ({ open, reopen }) => {
    const first = await open()
    const kept = await put(first, digest, sampleBytes(5000))
    const gone = await put(first, digest, sampleBytes(5000))
    await first.delete(gone)
    const second = await reopen()
    equals(await get(second, kept), sampleBytes(5000), 'the bytes')
    equals(await second.open(gone), null, 'what was deleted')
    equals(await listed(second, [kept]), [kept.key], 'the list')
    const again = await put(second, digest, sampleBytes(5000))
    holds(![kept.key, gone.key].includes(again.key), 'a key of before is not used again')
    equals(await second.delete(kept), true, 'deleting')
    equals(await get(second, again), sampleBytes(5000), 'the bytes put again')
  }),

  placeCase('a suspended upload outlives the store', ['reopen'], async ({ open, reopen }) => {
    const id = newUploadId()
    const bytes = sampleBytes(9000)
    const first = await (await open()).stage(id, {})
    await writeAll(first, bytes.subarray(0, 4100))
    const state = await suspended(first)
    const store = await reopen()
    const second = await store.stage(id, {}, state)
    equals(await readAll(second.read()), bytes.subarray(0, 4100), 'the bytes so far')
    await writeAll(second, bytes.subarray(4100))
    equals(await get(store, await second.commit(digest)), bytes, 'the bytes')
  }),

  placeCase('two instances share what is committed', ['secondInstance'], async ({ open }) => {
    const [one, two] = [await open(), await open()]
    const blobs = await Promise.all([
      put(one, digest, sampleBytes(3000)),
      put(two, digest, sampleBytes(3000)),
    ])
    const [first, second] = blobs
    holds(first.key !== second.key, 'the same digest has two keys')
    equals((await listed(two, blobs)).length, 2, 'keys listed by the other')
    equals(await two.delete(first), true, 'deleting what the other committed')
    equals(await one.open(first), null, 'opening it where it was committed')
    equals(await get(one, second), sampleBytes(3000), 'what is left')
  }),

  placeCase('an upload goes on in another instance', ['secondInstance'], async ({ open }) => {
    const [one, two] = [await open(), await open()]
    const id = newUploadId()
    const first = await one.stage(id, {})
    await writeAll(first, sampleBytes(4100, 1))
    const state = await suspended(first)

    const stale = await one.stage(id, {}, state)
    await writeAll(stale, sampleBytes(3000, 2))
    const next = await two.stage(id, {}, state)
    await writeAll(next, sampleBytes(2000, 3))
    const blob = await next.commit(digest)
    const expected = joined([sampleBytes(4100, 1), sampleBytes(2000, 3)])
    equals(await get(two, blob), expected, 'the bytes')

    // The first instance does not know that its claim is over, and may try anything.
    await writeAll(stale, sampleBytes(3000, 4)).catch(() => {})
    const late = await stale.commit(sampleDigest(2)).catch(() => null)
    await stale.discard().catch(() => {})
    holds(late?.key !== blob.key, 'a late commit gets no key of another')
    equals(await get(two, blob), expected, 'the bytes, after the first instance went on')
  }),
]
