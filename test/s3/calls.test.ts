import { expect, test } from 'vitest'
import { s3Blobs } from '../../adapters/s3/index.ts'
import { type BlobRef, type BlobStore, newUploadId, type StageState } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { withServices } from '../services/with-services.ts'
import { optionsOf } from './bucket-content.ts'
import { watched } from './places.ts'

const mib = 1024 * 1024
const digest = sampleDigest(1)

withServices('requests that a store makes', { seaweedfs }, (running) => {
  const options = optionsOf(() => running.seaweedfs)

  async function node(): Promise<{ readonly store: BlobStore; calls(): readonly string[] }> {
    const transport = watched()
    const store = s3Blobs({ ...(await options()), prefix: 'calls', partBytes: 5 * mib, transport })
    return { store, calls: () => transport.requests.splice(0) }
  }

  async function push(store: BlobStore, bytes: Uint8Array): Promise<BlobRef> {
    const staged = await store.stage(newUploadId(), {})
    await staged.write(bytes)
    return staged.commit(digest)
  }

  async function begin(store: BlobStore, bytes: Uint8Array) {
    const id = newUploadId()
    const staged = await store.stage(id, {})
    await staged.write(bytes)
    return { id, state: JSON.parse(JSON.stringify(await staged.suspend())) as StageState }
  }

  test('a small blob', async () => {
    const { store, calls } = await node()
    const blob = await push(store, sampleBytes(60_000))
    expect(calls(), 'pushed at once').toEqual(['PUT'])
    const { id, state } = await begin(store, sampleBytes(60_000))
    await (await store.stage(id, {}, state)).commit(digest)
    expect(calls(), 'pushed by PATCH and PUT').toEqual(['PUT', 'PUT copy'])
    const elsewhere = await begin(store, sampleBytes(60_000))
    const other = await node()
    await (await other.store.stage(elsewhere.id, {}, elsewhere.state)).commit(digest)
    expect([calls(), other.calls()], 'on two nodes').toEqual([['PUT'], ['HEAD', 'PUT copy']])
    await store.open(blob)
    expect(calls(), 'pulled').toEqual(['GET'])
    await store.presign?.(blob, 1000)
    expect(calls(), 'its URL').toEqual([])
    await store.delete(blob)
    expect(calls(), 'deleted').toEqual(['HEAD', 'DELETE'])
  })

  test('a large blob', async () => {
    const { store, calls } = await node()
    const blob = await push(store, sampleBytes(11 * mib))
    const parts = ['PUT partNumber', 'PUT partNumber', 'PUT partNumber']
    const pushed = ['POST uploads', ...parts, 'POST uploadId', 'HEAD']
    expect(calls(), 'pushed at once').toEqual(pushed)
    const { id, state } = await begin(store, sampleBytes(11 * mib))
    await (await store.stage(id, {}, state)).commit(digest)
    expect(calls(), 'pushed by PATCH and PUT').toEqual(pushed)
    const whole = await store.open(blob)
    await readAll(whole?.stream() ?? new ReadableStream())
    expect(calls(), 'pulled').toEqual(['GET'])
    const span = { start: mib, end: 2 * mib }
    const part = await store.open(blob, span)
    await readAll(part?.stream(span) ?? new ReadableStream())
    expect(calls(), 'pulled in part').toEqual(['GET'])
    await (await store.open(blob, 'anew'))?.close()
    expect(calls(), 'looked for').toEqual(['HEAD'])
  })

  test('a list', async () => {
    const { store, calls } = await node()
    for await (const _ of store.list());
    expect(calls()).toEqual(['GET list-type'])
  })
})
