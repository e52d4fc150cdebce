import { expect, test } from 'vitest'
import { callContext, createRegistry, type Notice } from '../../src/index.ts'
import { type BlobStore, memoryStores, type OpenBlob } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { bytesOf, digestOfContent, pushBlob, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'

const here = repositoryNamed('here')
const number = 4
const bytes = bytesOf(number)
const digest = digestOfContent(bytes)
const call = callContext()

/** A registry that verifies reads, over blobs that are opened in another way. */
async function reading(change: (open: OpenBlob) => OpenBlob) {
  const stores = memoryStores()
  await run(stores, [pushBlob(here, number), pushBlob(here, 0)])
  const notices: Notice[] = []
  const open: BlobStore['open'] = async (ref, how) => {
    const found = await stores.blobs.open(ref, how)
    return found === null ? null : change(found)
  }
  const blobs: BlobStore = Object.assign(Object.create(stores.blobs), { open })
  const registry = createRegistry({
    stores: { ...stores, blobs },
    hash,
    verifyReads: true,
    onNotice: (notice) => void notices.push(notice),
  })
  const isThere = async () => (await stores.metadata.findBlob(here, digest)) !== null
  return { registry, notices, isThere }
}

/** Streams of some pieces. */
function streaming(content: Uint8Array, piece: number): OpenBlob {
  return {
    size: bytes.byteLength,
    native: {},
    async close() {},
    stream({ start, end } = { start: 0, end: content.byteLength }) {
      let at = start
      return new ReadableStream({
        pull(controller) {
          if (at >= end) return controller.close()
          controller.enqueue(content.slice(at, Math.min(at + piece, end)))
          at += piece
        },
      })
    },
  }
}

const flipped = bytes.slice()
flipped[bytes.byteLength - 1] = (flipped[bytes.byteLength - 1] ?? 0) ^ 1

/** How many bytes come before a stream errors. */
async function received(stream: ReadableStream<Uint8Array>): Promise<number> {
  let count = 0
  const reader = stream.getReader()
  await expect(async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      count += value.byteLength
    }
  }).rejects.toThrow(`are not those of ${digest}`)
  return count
}

test.each([
  ['of which a bit is wrong', flipped],
  ['that end early', bytes.slice(0, -1)],
])('bytes %s are cut before the end, and noted', async (_, content) => {
  for (const piece of [1000, 70_000, 1_000_000]) {
    const { registry, notices, isThere } = await reading(() => streaming(content, piece))
    const open = await registry.service.openBlob(call, here, digest)
    expect(open?.native).toBeUndefined()
    expect(await received(open?.stream() as ReadableStream)).toBeLessThan(bytes.byteLength)
    expect(notices).toMatchObject([{ kind: 'bytes-missing', digest }])
    expect(await isThere()).toBe(false)
  }
})

test('bytes beyond the end are not sent', async () => {
  const { registry } = await reading(() => streaming(new Uint8Array([...bytes, 0]), 1000))
  const open = await registry.service.openBlob(call, here, digest)
  expect(await received(open?.stream() as ReadableStream)).toBe(bytes.byteLength)
})

test('right bytes come whole, and those of none as well', async () => {
  const { registry, notices } = await reading((open) => open)
  const read = async (wanted: typeof digest) =>
    new Uint8Array(
      await new Response(
        (await registry.service.openBlob(call, here, wanted))?.stream(),
      ).arrayBuffer(),
    )
  expect(await read(digest)).toEqual(bytes)
  expect(await read(digestOfContent(bytesOf(0)))).toEqual(bytesOf(0))
  expect(notices).toEqual([])
})

test('parts of a blob are sent as ever', async () => {
  const { registry, isThere } = await reading(() => streaming(flipped, 1000))
  const span = { start: 10, end: 20 }
  const part = await registry.service.openBlob(call, here, digest, () => span)
  expect(part?.native).toBeDefined()
  const whole = await registry.service.openBlob(call, here, digest)
  const some = await new Response(whole?.stream(span)).arrayBuffer()
  expect(new Uint8Array(some)).toEqual(bytes.slice(10, 20))
  expect(await isThere()).toBe(true)
  const all = await registry.service.openBlob(call, here, digest, (size) => ({
    start: 0,
    end: size,
  }))
  await received(all?.stream() as ReadableStream)
  expect(await isThere()).toBe(false)
})

test('wrong bytes in memory are not opened; right ones are hashed once', async () => {
  const wrong = await reading((open) => ({ ...open, bytes: flipped }))
  expect(await wrong.registry.service.openBlob(call, here, digest)).toBeNull()
  expect(await wrong.isThere()).toBe(false)
  const answer = await wrong.registry.fetch(new Request(`http://x/v2/here/blobs/${digest}`))
  expect(answer.status).toBe(404)

  let hashed = 0
  const stores = memoryStores()
  await run(stores, [pushBlob(here, number)])
  const open: BlobStore['open'] = async (ref, how) => {
    const found = await stores.blobs.open(ref, how)
    return found === null ? null : { ...found, bytes }
  }
  const { service } = createRegistry({
    stores: { ...stores, blobs: Object.assign(Object.create(stores.blobs), { open }) },
    hash(...given) {
      hashed += 1
      return hash(...given)
    },
    verifyReads: true,
  })
  for (let time = 0; time < 3; time += 1) {
    expect((await service.openBlob(call, here, digest))?.bytes).toBe(bytes)
  }
  expect(hashed).toBe(1)
})
