import { newUploadId, type StagedBlob, type StageState } from '../../kit.ts'
import { equals, holds, rejectsWith } from '../contract.ts'
import { joined, readAll, sampleBytes, sampleDigest } from '../samples.ts'
import { type BlobStoreCase, blobCase, get, put, suspended, writeAll } from './store-case.ts'

const digest = sampleDigest(1)

/** Bytes on their way to become a blob. */
export const stagedBlobCases: readonly BlobStoreCase[] = [
  blobCase('a staged blob counts its bytes', async (store) => {
    const staged = await store.stage(newUploadId(), {})
    equals(staged.size, 0, 'size at first')
    await writeAll(staged, sampleBytes(2500))
    equals(staged.size, 2500, 'size after writing')
    await staged.discard()
  }),

  blobCase('hints may be given or not, and need not come true', async (store) => {
    const bytes = sampleBytes(3000)
    for (const hint of [{}, { length: 3000 }, { digest }, { length: 1, digest: sampleDigest(2) }]) {
      const staged = await store.stage(newUploadId(), hint)
      await writeAll(staged, bytes)
      equals(await get(store, await staged.commit(digest)), bytes, 'the bytes')
    }
  }),

  blobCase('every write that does not ask to wait may follow at once', async (store) => {
    const bytes = sampleBytes(300_000)
    const staged = await store.stage(newUploadId(), {})
    await writeAll(staged, bytes, 77)
    equals(await get(store, await staged.commit(digest)), bytes, 'the bytes, in order')
  }),

  blobCase('empty chunks change nothing', async (store) => {
    const staged = await store.stage(newUploadId(), {})
    await staged.write(new Uint8Array(0))
    await writeAll(staged, sampleBytes(10))
    await staged.write(new Uint8Array(0))
    equals(await get(store, await staged.commit(digest)), sampleBytes(10), 'the bytes')
  }),

  blobCase('a suspended stage goes on where it ended', async (store) => {
    const id = newUploadId()
    const bytes = sampleBytes(9000)
    const sizes = [0, 1, 2400, 2400, 5000, 9000]
    let state: StageState | undefined
    let at = 0
    for (const size of sizes) {
      const staged: StagedBlob = await store.stage(id, {}, state)
      equals(staged.size, at, 'bytes of the processes before')
      await writeAll(staged, bytes.subarray(at, size))
      at = size
      state = await suspended(staged)
      equals(state.size, size, 'size in the state')
    }
    const last = await store.stage(id, {}, state)
    equals(await get(store, await last.commit(digest)), bytes, 'the bytes')
  }),

  blobCase('going on from an earlier state drops what came after it', async (store) => {
    for (const later of [1, 100, 5000]) {
      const id = newUploadId()
      const first = await store.stage(id, {})
      await writeAll(first, sampleBytes(4100, 1))
      const state = await suspended(first)

      const second = await store.stage(id, {}, state)
      await writeAll(second, sampleBytes(later, 2))
      await second.suspend()

      const third = await store.stage(id, {}, state)
      equals(third.size, 4100, 'size where the state ends')
      await writeAll(third, sampleBytes(2000, 3))
      const expected = joined([sampleBytes(4100, 1), sampleBytes(2000, 3)])
      equals(await get(store, await third.commit(digest)), expected, 'the bytes')
    }
  }),

  blobCase('a writer that never ended does not stop the next one', async (store) => {
    const id = newUploadId()
    const first = await store.stage(id, {})
    await writeAll(first, sampleBytes(3333, 1))
    const state = await suspended(first)
    const dead = await store.stage(id, {}, state)
    await writeAll(dead, sampleBytes(4444, 2))

    const next = await store.stage(id, {}, state)
    equals(next.size, 3333, 'size where the state ends')
    equals(await get(store, await next.commit(digest)), sampleBytes(3333, 1), 'the bytes')
  }),

  blobCase('a stage without a state begins with nothing', async (store) => {
    const id = newUploadId()
    const dead = await store.stage(id, {})
    await writeAll(dead, sampleBytes(4000, 1))
    const staged = await store.stage(id, {})
    equals(staged.size, 0, 'size')
    await writeAll(staged, sampleBytes(2000, 2))
    equals(await get(store, await staged.commit(digest)), sampleBytes(2000, 2), 'the bytes')
  }),

  blobCase('what was written so far can be read, and writing goes on', async (store) => {
    const id = newUploadId()
    const bytes = sampleBytes(8000)
    const first = await store.stage(id, {})
    equals(await readAll(first.read()), new Uint8Array(0), 'nothing at first')
    await writeAll(first, bytes.subarray(0, 3500))
    equals(await readAll(first.read()), bytes.subarray(0, 3500), 'what was written')
    const second = await store.stage(id, {}, await suspended(first))
    equals(await readAll(second.read()), bytes.subarray(0, 3500), 'what an earlier process wrote')
    await writeAll(second, bytes.subarray(3500))
    equals(await readAll(second.read()), bytes, 'both')
    equals(await get(store, await second.commit(digest)), bytes, 'the bytes')
  }),

  blobCase('reading staged bytes does not spoil the state they came from', async (store) => {
    const id = newUploadId()
    const bytes = sampleBytes(6100)
    const first = await store.stage(id, {})
    await writeAll(first, bytes.subarray(0, 5000))
    const state = await suspended(first)
    const dead = await store.stage(id, {}, state)
    await writeAll(dead, sampleBytes(3000, 2))
    await readAll(dead.read())

    const next = await store.stage(id, {}, state)
    equals(next.size, 5000, 'size where the state ends')
    await writeAll(next, bytes.subarray(5000))
    equals(await get(store, await next.commit(digest)), bytes, 'the bytes')
  }),

  blobCase('a reader may cancel early', async (store) => {
    const staged = await store.stage(newUploadId(), {})
    await writeAll(staged, sampleBytes(5000))
    const reader = staged.read().getReader()
    await reader.read()
    await reader.cancel()
    equals(await readAll(staged.read()), sampleBytes(5000), 'the bytes, read again')
    await staged.discard()
  }),

  blobCase('uploads do not disturb each other', async (store) => {
    const one = await store.stage(newUploadId(), {})
    const two = await store.stage(newUploadId(), {})
    for (let round = 0; round < 5; round += 1) {
      await writeAll(one, sampleBytes(1100, round))
      await writeAll(two, sampleBytes(900, round + 50))
    }
    const [a, b] = await Promise.all([one.commit(digest), two.commit(sampleDigest(2))])
    const rounds = [0, 1, 2, 3, 4]
    const ones = joined(rounds.map((round) => sampleBytes(1100, round)))
    const twos = joined(rounds.map((round) => sampleBytes(900, round + 50)))
    equals(await get(store, a), ones, 'the first')
    equals(await get(store, b), twos, 'the second')
  }),

  blobCase('discarded bytes are gone, and discarding again is harmless', async (store) => {
    const id = newUploadId()
    const first = await store.stage(id, {})
    // So many that no state holds them itself.
    await writeAll(first, sampleBytes(200_000))
    const state = await suspended(first)
    const staged = await store.stage(id, {}, state)
    await staged.discard()
    await staged.discard()
    await rejectsWith(
      'uploadUnknown',
      () => store.stage(id, {}, state),
      'going on from a state whose bytes were discarded',
    )
    for await (const found of store.list()) holds(false, `nothing is listed, not ${found.key}`)
  }),

  blobCase('an upload can be discarded with nothing written', async (store) => {
    await (await store.stage(newUploadId(), {})).discard()
    const blob = await put(store, digest, sampleBytes(5))
    equals(await get(store, blob), sampleBytes(5), 'a later blob')
  }),
]
