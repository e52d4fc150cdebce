import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createRegistry, type RegistryStores } from '../../src/index.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { sampleBytes as bytesOf, fakeClock, partStore } from '../../src/testing/index.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'

const base = 'http://registry.test/v2/library/alpine'

function stores(): RegistryStores {
  const blobs = partStore({ minPartBytes: 1000, keysPerPage: 3 })
  return { blobs, uploads: memoryUploads(), metadata: memoryMetadata() }
}

function sampleBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytesOf(length))
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function keys({ blobs }: RegistryStores): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of blobs.list()) found.push(key)
  return found
}

/** A registry of its own for each request: nothing is remembered but what the stores hold. */
function send(given: RegistryStores, url: string, init?: RequestInit): Promise<Response> {
  const registry = createRegistry({ stores: given })
  return Promise.resolve(registry.fetch(new Request(new URL(url, base), init)))
}

test('every request of an upload may reach another process', async () => {
  const given = stores()
  const bytes = sampleBytes(7777)
  const opened = await send(given, `${base}/blobs/uploads/`, { method: 'POST' })
  let location = opened.headers.get('location') ?? ''
  for (const [start, end] of [
    [0, 300],
    [300, 4000],
    [4000, 4001],
    [4001, 7000],
  ] as const) {
    const headers = { 'content-range': `${start}-${end - 1}` }
    const body = bytes.slice(start, end)
    const patched = await send(given, location, { method: 'PATCH', headers, body })
    expect(patched.status).toBe(202)
    expect(patched.headers.get('range')).toBe(`0-${end - 1}`)
    location = patched.headers.get('location') ?? ''
  }
  const url = new URL(location, base)
  url.searchParams.set('digest', digestOf(bytes))
  const put = await send(given, url.href, { method: 'PUT', body: bytes.slice(7000) })
  expect(put.status).toBe(201)

  const got = await send(given, `${base}/blobs/${digestOf(bytes)}`)
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes)
  const headers = { range: 'bytes=999-4002' }
  const part = await send(given, `${base}/blobs/${digestOf(bytes)}`, { headers })
  expect(part.status).toBe(206)
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(999, 4003))
})

test('bytes pushed twice are kept once, though their keys differ', async () => {
  const given = stores()
  const bytes = sampleBytes(2500)
  const push = (repository: string) =>
    send(given, `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`, {
      method: 'POST',
      body: bytes,
    })
  const pushes = await Promise.all([push('one'), push('one'), push('two'), push('three')])
  expect(pushes.map((response) => response.status)).toEqual([201, 201, 201, 201])
  expect(await keys(given)).toHaveLength(1)
  const got = await send(given, `/v2/three/blobs/${digestOf(bytes)}`)
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes)
})

test('a blob that was collected can be pushed again', async () => {
  const { now, advance } = fakeClock()
  const given = { ...stores(), metadata: memoryMetadata({ clock: now, elapsed: now }) }
  const bytes = sampleBytes(2500)
  const url = `${base}/blobs/uploads/?digest=${digestOf(bytes)}`
  await send(given, url, { method: 'POST', body: bytes })
  advance(1e9)
  const { collectGarbage } = createRegistry({ stores: given })
  expect(await collectGarbage()).toEqual({ blobs: 1, bytes: 2500, repositories: 0 })
  expect(await keys(given)).toEqual([])
  expect((await send(given, url, { method: 'POST', body: bytes })).status).toBe(201)
  const got = await send(given, `${base}/blobs/${digestOf(bytes)}`)
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes)
})

test('a manifest pushed twice is kept once', async () => {
  const given = stores()
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  })
  const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
  for (const tag of ['one', 'two', 'one']) {
    const put = await send(given, `${base}/manifests/${tag}`, { method: 'PUT', headers, body })
    expect(put.status).toBe(201)
  }
  expect(await (await send(given, `${base}/manifests/two`)).text()).toBe(body)
  expect(await keys(given)).toHaveLength(1)
})

test('a blob is fetched from the bucket itself, where that is allowed', async () => {
  const bucket = partBucket()
  const given = { ...stores(), blobs: partStoreIn(bucket) }
  const registry = createRegistry({ stores: given, redirect: 'on' })
  const bytes = sampleBytes(2500)
  const path = `${base}/blobs/${digestOf(bytes)}`
  await send(given, `${base}/blobs/uploads/?digest=${digestOf(bytes)}`, {
    method: 'POST',
    body: bytes,
  })
  const moved = await registry.fetch(new Request(path))
  expect(moved.status).toBe(307)
  const found = await bucket.fetch(new URL(moved.headers.get('location') ?? ''))
  expect(new Uint8Array(await found.arrayBuffer())).toEqual(bytes)
  expect((await registry.fetch(new Request(path, { method: 'HEAD' }))).status).toBe(200)
})
