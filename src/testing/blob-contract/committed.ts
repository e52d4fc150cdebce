import { type BlobStore, newUploadId } from '../../kit.ts'
import { equals, holds, rejects } from '../contract.ts'
import { joined, readAll, sampleBytes, sampleDigest } from '../samples.ts'
import { type BlobStoreCase, blobCase, get, put, suspended, writeAll } from './store-case.ts'

const digest = sampleDigest(1)
const mib = 1024 * 1024

/** Reading and deleting committed bytes. */
export const committedBlobCases: readonly BlobStoreCase[] = [
  blobCase('a commit says what became of the bytes', async (store) => {
    const blob = await put(store, digest, sampleBytes(1234))
    equals([blob.digest, blob.size], [digest, 1234], 'digest and size')
    holds(blob.key !== '', 'there is a key')
    const open = await store.open(blob)
    equals(open?.size, 1234, 'size once opened')
    await open?.close()
  }),

  blobCase('digests of both algorithms are kept', async (store) => {
    const long = await put(store, sampleDigest(1, 'sha512'), sampleBytes(12))
    const short = await put(store, sampleDigest(1), sampleBytes(13))
    equals(await get(store, long), sampleBytes(12), 'sha512')
    equals(await get(store, short), sampleBytes(13), 'sha256')
  }),

  blobCase('a blob of no bytes is a blob', async (store) => {
    const blob = await put(store, digest, new Uint8Array(0))
    equals(blob.size, 0, 'size')
    equals(await get(store, blob), new Uint8Array(0), 'the bytes')
    equals(await store.delete(blob), true, 'deleting it')
  }),

  blobCase('a blob of many megabytes, with a break in the middle', async (store) => {
    const bytes = sampleBytes(12 * mib + 5)
    const id = newUploadId()
    const first = await store.stage(id, { length: bytes.byteLength })
    await writeAll(first, bytes.subarray(0, 7 * mib + 3), 1_000_003)
    const second = await store.stage(id, {}, await first.suspend())
    await writeAll(second, bytes.subarray(7 * mib + 3), 65_536)
    equals(await get(store, await second.commit(digest)), bytes, 'the bytes')
  }),

  blobCase('spans are read to the byte', async (store) => {
    const bytes = sampleBytes(10_000)
    const blob = await put(store, digest, bytes)
    const edges = [0, 1, 999, 1000, 1001, 5000, 9999, 10_000]
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        const open = await store.open(blob)
        holds(open !== null, 'the blob opens')
        const part = await readAll(open.stream({ start, end }))
        equals(part, bytes.subarray(start, end), `bytes ${start} to ${end}`)
      }
    }
  }),

  blobCase('a stream errors where bytes are missing', async (store) => {
    const open = await store.open(await put(store, digest, sampleBytes(2000)))
    holds(open !== null, 'the blob opens')
    const tooLong = open.stream({ start: 1000, end: 2001 })
    await rejects(() => readAll(tooLong), 'a span beyond the end errors')
    await open.close()
  }),

  blobCase('a blob deleted under a reader never ends early as if it were whole', async (store) => {
    const bytes = sampleBytes(400_000)
    const blob = await put(store, digest, bytes)
    const open = await store.open(blob)
    holds(open !== null, 'the blob opens')
    const stream = open.stream()
    await store.delete(blob)
    const read = await readAll(stream).catch(() => null)
    if (read !== null) equals(read, bytes, 'all the bytes, as there was no error')
    await open.close()
  }),

  blobCase('a stream may be cancelled, and closing is harmless', async (store) => {
    const blob = await put(store, digest, sampleBytes(200_000))
    const first = await store.open(blob)
    const reader = first?.stream().getReader()
    await reader?.read()
    await reader?.cancel()
    await first?.close()
    await first?.close()
    const unread = await store.open(blob)
    await unread?.stream().cancel()
    await unread?.close()
    equals(await get(store, blob), sampleBytes(200_000), 'the bytes, read afterwards')
  }),

  blobCase('many may read a blob at once', async (store) => {
    const blob = await put(store, digest, sampleBytes(50_000))
    const readers = Array.from({ length: 8 }, () => get(store, blob))
    for (const bytes of await Promise.all(readers)) equals(bytes, sampleBytes(50_000), 'the bytes')
  }),

  blobCase('what is missing or of another size does not open', async (store) => {
    const blob = await put(store, digest, sampleBytes(100))
    equals(await store.open({ ...blob, size: 99 }), null, 'one byte less')
    equals(await store.open({ ...blob, size: 101 }), null, 'one byte more')
    await store.delete(blob)
    equals(await store.open(blob), null, 'a deleted blob')
  }),

  blobCase('deleting says whether there was something', async (store) => {
    const kept = await put(store, sampleDigest(2), sampleBytes(10))
    const blob = await put(store, digest, sampleBytes(20))
    equals(await store.delete(blob), true, 'the first time')
    equals(await store.delete(blob), false, 'the second time')
    equals(await get(store, kept), sampleBytes(10), 'another blob')
  }),

  blobCase('a finished upload tried again leaves the blob as it was', async (store) => {
    const id = newUploadId()
    const first = await store.stage(id, {})
    await writeAll(first, sampleBytes(5000, 1))
    const blob = await first.commit(digest)
    const again = await store.stage(id, {})
    await writeAll(again, sampleBytes(5000, 2))
    await again.discard()
    const third = await store.stage(id, {})
    await writeAll(third, sampleBytes(4000, 3))
    await third.commit(sampleDigest(2))
    equals(await get(store, blob), sampleBytes(5000, 1), 'the bytes')
  }),

  blobCase('dropping what an upload was before leaves the blob it became', async (store) => {
    for (const [size, added] of [
      [300, 0],
      [300, 4000],
      [5000, 0],
      [5000, 2500],
    ] as const) {
      await dropBefore(store, size, added)
    }
  }),

  blobCase('dropping what an upload was before leaves many megabytes', async (store) => {
    await dropBefore(store, 6 * mib, 3000)
  }),
]

/** A node that dies once the blob has its name leaves the session behind, which is dropped a day later. */
async function dropBefore(store: BlobStore, size: number, added: number): Promise<void> {
  const id = newUploadId()
  const first = await store.stage(id, {})
  await writeAll(first, sampleBytes(size))
  const state = await suspended(first)
  const second = await store.stage(id, {}, state)
  await writeAll(second, sampleBytes(added, 2))
  const blob = await second.commit(digest)
  const left = await store.stage(id, {}, state).catch(() => null)
  await left?.discard()
  const expected = joined([sampleBytes(size), sampleBytes(added, 2)])
  equals(await get(store, blob), expected, `a blob of ${size} bytes and ${added} more`)
}
