import { expect, test } from 'vitest'
import { S3Bucket } from '../../adapters/s3/bucket.ts'
import { S3Client } from '../../adapters/s3/client.ts'
import { type S3Options, s3Blobs } from '../../adapters/s3/index.ts'
import { S3Uploads } from '../../adapters/s3/multipart.ts'
import { type BlobRef, type BlobStore, newUploadId, type StageState } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import type { TestService } from '../services/test-service.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { contentOf, optionsOf } from './bucket-content.ts'
import { type WatchedTransport, watched } from './places.ts'

const mib = 1024 * 1024
const part = 5 * mib
const digest = sampleDigest(1)
const bytes = sampleBytes(17 * mib + 3)

/** Writes bytes from one place to another, in chunks as a network brings them. */
async function write(staged: { write(chunk: Uint8Array): unknown }, from: number, to: number) {
  for (let at = from; at < to; at += 65_536) {
    await staged.write(bytes.slice(at, Math.min(at + 65_536, to)))
  }
}

async function bytesIn(store: BlobStore, blob: BlobRef): Promise<Uint8Array> {
  const open = await store.open(blob)
  if (open === null) throw new Error(`${blob.key} is not there`)
  return readAll(open.stream())
}

/** Whether a blob has the first `size` of the bytes; a matcher would take minutes. */
async function holds(store: BlobStore, blob: BlobRef, size: number): Promise<boolean> {
  return Buffer.from(bytes.subarray(0, size)).equals(await bytesIn(store, blob))
}

/** A state as another node gets it. */
function copyOf<T extends StageState>(state: T): T {
  return JSON.parse(JSON.stringify(state)) as T
}

interface Node {
  readonly store: BlobStore
  readonly transport: WatchedTransport
}

function nodeOf(options: S3Options): Node {
  const transport = watched()
  return { store: s3Blobs({ partBytes: part, ...options, transport, retries: 0 }), transport }
}

function resumptionOn(name: string, service: TestService<ObjectStorage>): void {
  withServices(`uploads that go on elsewhere, on ${name}`, { service }, (running) => {
    const options = optionsOf(() => running.service)

    test.each([
      [[1, 2, part - 1, part, part + 1], false],
      [[part + 1, 2 * part, 2 * part + 7, 17 * mib], false],
      [[4 * mib, 8 * mib, 12 * mib, 16 * mib], true],
      [[part, part + 1, 2 * part], true],
    ] as const)(
      'with cuts at %j, chunked: %s, each on a node of its own',
      async (cuts, chunked) => {
        const given = await options()
        const id = newUploadId()
        let state: StageState | undefined
        let at = 0
        for (const cut of cuts) {
          const staged = await nodeOf(given).store.stage(id, { chunked }, state)
          expect(staged.size).toBe(at)
          await write(staged, at, cut)
          state = copyOf(await staged.suspend())
          at = cut
        }
        const { store } = nodeOf(given)
        const staged = await store.stage(id, {}, state)
        const blob = await staged.commit(digest)
        expect(await holds(store, blob, at)).toBe(true)
        expect(await contentOf(given)).toEqual({ objects: [blob.key], uploads: [] })
      },
    )

    test('with parts of one size, where the service wants that', async () => {
      const given = await options({ equalParts: true })
      const id = newUploadId()
      let state: StageState & { parts?: readonly { size: number }[] } = { size: 0 }
      for (const [from, to] of [
        [0, 7 * mib],
        [7 * mib, 13 * mib + 1],
        [13 * mib + 1, 17 * mib],
      ] as const) {
        const staged = await nodeOf(given).store.stage(id, {}, state.size === 0 ? undefined : state)
        await write(staged, from, to)
        state = copyOf(await staged.suspend())
        const sizes = state.parts?.map(({ size }) => size) ?? []
        expect(sizes.slice(0, -1)).toEqual(sizes.slice(0, -1).fill(part))
      }
      const { store } = nodeOf(given)
      const blob = await (await store.stage(id, {}, state)).commit(digest)
      expect(await holds(store, blob, 17 * mib)).toBe(true)
      expect(await contentOf(given)).toEqual({ objects: [blob.key], uploads: [] })
    })

    test('with the numbers for parts used up', async () => {
      const given = await options()
      const id = newUploadId()
      const first = await nodeOf(given).store.stage(id, {})
      await write(first, 0, 6 * mib)
      const state = copyOf(await first.suspend())
      const { store } = nodeOf(given)
      const staged = await store.stage(id, {}, { ...state, next: 9_999 })
      await write(staged, 6 * mib, 17 * mib)
      const blob = await staged.commit(digest)
      expect(await holds(store, blob, 17 * mib)).toBe(true)
      expect(await contentOf(given)).toEqual({ objects: [blob.key], uploads: [] })
    })

    test('a discard leaves nothing, wherever it is done', async () => {
      const given = await options()
      for (const [size, chunked] of [
        [1000, false],
        [part + 1000, false],
        [part + 1000, true],
      ] as const) {
        const id = newUploadId()
        const first = await nodeOf(given).store.stage(id, { chunked })
        await write(first, 0, size)
        const state = copyOf(await first.suspend())
        const second = await nodeOf(given).store.stage(id, { chunked }, state)
        await write(second, size, size + 6 * mib)
        await second.discard()
        expect(await contentOf(given), `${size}`).toEqual({ objects: [], uploads: [] })
        await expect(nodeOf(given).store.stage(id, {}, state)).rejects.toMatchObject({
          kind: 'uploadUnknown',
        })
      }
    })

    test('what is reverted leaves the state alone and nothing else', async () => {
      const given = await options()
      const id = newUploadId()
      const first = await nodeOf(given).store.stage(id, {})
      await write(first, 0, 3 * mib)
      const state = copyOf(await first.suspend())
      const before = await contentOf(given)
      const second = await nodeOf(given).store.stage(id, {}, state)
      await write(second, 3 * mib, 15 * mib)
      await second.revert?.()
      expect(await contentOf(given)).toEqual(before)
      const { store } = nodeOf(given)
      const third = await store.stage(id, {}, state)
      const blob = await third.commit(digest)
      expect(await holds(store, blob, 3 * mib)).toBe(true)
    })

    test('an upload that another node finished and left goes on where it was left', async () => {
      const given = await options()
      for (const size of [1000, 6 * mib]) {
        const id = newUploadId()
        const one = nodeOf(given)
        const first = await one.store.stage(id, {})
        await write(first, 0, size)
        const state = await first.suspend()
        const other = nodeOf(given)
        const lost = await (await other.store.stage(id, {}, copyOf(state))).commit(digest)
        // Nobody heard of that, and the node that left the state goes on without a look.
        const blob = await (await one.store.stage(id, {}, state)).commit(digest)
        expect(await holds(one.store, blob, size)).toBe(true)
        expect(await holds(one.store, lost, size)).toBe(true)
      }
    })

    test('a state whose bytes became a blob does not have it deleted', async () => {
      const given = await options()
      for (const size of [1000, 6 * mib]) {
        const id = newUploadId()
        const first = await nodeOf(given).store.stage(id, {})
        await write(first, 0, size)
        const state = copyOf(await first.suspend())
        const { store } = nodeOf(given)
        const blob = await (await store.stage(id, {}, state)).commit(digest)
        // The session was never removed, and ends a day later.
        const late = await nodeOf(given).store.stage(id, {}, state)
        await late.discard()
        expect(await holds(store, blob, size)).toBe(true)
      }
    })

    test.each(isFull ? (['before', 'answer'] as const) : (['answer'] as const))(
      'a node that dies at any request (%s) leaves an upload that others finish',
      async (how) => {
        for (const [first, second] of [
          [3 * mib, 4 * mib],
          [6 * mib, 13 * mib],
        ] as const) {
          for (let requests = 0; ; requests += 1) {
            const given = await options()
            const id = newUploadId()
            const staged = await nodeOf(given).store.stage(id, {})
            await write(staged, 0, first)
            const state = copyOf(await staged.suspend())

            const dying = nodeOf(given)
            dying.transport.dieAfter(requests, how)
            const finish = async ({ store }: Node): Promise<BlobRef> => {
              const next = await store.stage(id, {}, state)
              await write(next, first, second)
              return next.commit(digest)
            }
            const done = await finish(dying).catch(() => null)
            if (done !== null) break
            const other = nodeOf(given)
            const blob = await finish(other)
            expect(await holds(other.store, blob, second)).toBe(true)
            // Nobody was told of what the dead node made: a sweep finds what are objects.
            for await (const found of other.store.list()) {
              if (found.key !== blob.key) await other.store.delete(found)
            }
            expect((await contentOf(given)).objects).toEqual([blob.key])
            const client = new S3Client(given)
            await new S3Uploads(client, new S3Bucket(client)).abortOld(Date.now() + 60_000)
            expect((await contentOf(given)).uploads).toEqual([])
            await client.transport.close()
          }
        }
      },
    )
  })
}

if (isFull) resumptionOn('SeaweedFS', seaweedfs)
resumptionOn('versitygw', versitygw)
