import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import {
  chunkedBody,
  digestOf,
  expectError,
  imageManifest,
  ociManifest,
  utf8,
} from '../http/client.ts'
import { bootRegistry, type RegistryEdge } from './registry-edge.ts'

let edge: RegistryEdge

beforeAll(async () => {
  edge = await bootRegistry()
})

afterAll(() => edge.end())

/** Two parts of R2's and a piece. */
const large = sampleBytes(11 * 1024 * 1024 + 17)

async function pulled(path: string, headers: Record<string, string> = {}): Promise<Uint8Array> {
  const response = await edge.client.send('GET', path, { headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(response.headers.get('content-length')).toBe(`${bytes.byteLength}`)
  return bytes
}

/** Equal, without a diff of megabytes when not. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect([actual.byteLength, digestOf(actual)]).toEqual([expected.byteLength, digestOf(expected)])
}

test('an image is pushed and pulled, with its lengths', async () => {
  const { client } = edge
  const image = await client.pushImage('library/image', 'v1')
  for (const reference of ['v1', image.digest]) {
    const path = `/v2/library/image/manifests/${reference}`
    expectBytes(await pulled(path, { accept: ociManifest }), utf8(image.text))
    const head = await client.send('HEAD', path)
    expect(head.headers.get('content-length')).toBe(`${utf8(image.text).byteLength}`)
    expect(head.headers.get('docker-content-digest')).toBe(image.digest)
  }
  expectBytes(
    await pulled(`/v2/library/image/blobs/${image.layer}`),
    utf8('a layer of library/image'),
  )
})

test('a large blob is pushed in one request, and its ranges are read', async () => {
  const digest = digestOf(large)
  const pushed = await edge.client.send('POST', `/v2/one/blobs/uploads/?digest=${digest}`, {
    body: large,
  })
  expect(pushed.status).toBe(201)
  const path = `/v2/one/blobs/${digest}`
  expectBytes(await pulled(path), large)
  const middle = 5 * 1024 * 1024
  const range = await pulled(path, { range: `bytes=${middle - 3}-${middle + 3}` })
  expectBytes(range, large.subarray(middle - 3, middle + 4))
  expectBytes(await pulled(path, { range: 'bytes=-5' }), large.subarray(-5))
})

test('a large blob is pushed in chunks of any size, and hashed another way than was begun', async () => {
  const { client } = edge
  const path = await client.openUpload('chunks')
  const [first, second, third] = [3 * 1024 * 1024, 3 * 1024 * 1024 + 5, 10 * 1024 * 1024]
  const send = (start: number, end: number) =>
    client.send('PATCH', path, {
      headers: { 'Content-Range': `${start}-${end - 1}` },
      body: large.slice(start, end),
    })
  expect((await send(0, first)).headers.get('range')).toBe(`0-${first - 1}`)
  expect((await send(first, second)).status).toBe(202)
  const early = await send(third, third + 10)
  await expectError(early, 416, 'BLOB_UPLOAD_INVALID', {
    'content-length': expect.any(String),
    location: path,
    range: `0-${second - 1}`,
    'docker-upload-uuid': expect.any(String),
  })
  expect((await send(second, third)).status).toBe(202)
  const digest = `sha512:${createHash('sha512').update(large).digest('hex')}`
  const put = await client.send('PUT', `${path}?digest=${digest}`, { body: large.slice(third) })
  expect(put.status).toBe(201)
  expectBytes(await pulled(`/v2/chunks/blobs/${digest}`), large)
  expect((await edge.keys()).filter((key) => key.startsWith('staging/'))).toEqual([])
})

test('a body of unknown length is taken', async () => {
  const { client } = edge
  const path = await client.openUpload('unknown')
  const body = chunkedBody(large.slice(0, 7_000_000), large.slice(7_000_000))
  expect((await client.send('PATCH', path, { body })).status).toBe(202)
  const digest = digestOf(large)
  expect((await client.send('PUT', `${path}?digest=${digest}`)).status).toBe(201)
  expectBytes(await pulled(`/v2/unknown/blobs/${digest}`), large)
})

test('the bytes before a broken connection are kept, and the client goes on', async () => {
  const { client } = edge
  const path = await client.openUpload('broken')
  const came = 6_000_000
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const head = `PATCH ${path} HTTP/1.1\r\nHost: edge\r\nContent-Length: ${large.byteLength}\r\n\r\n`
  socket.write(head)
  await new Promise((sent) => socket.write(large.subarray(0, came), sent))
  socket.destroy()
  const offset = async (): Promise<number> => {
    const status = await client.send('GET', path)
    return Number(status.headers.get('range')?.split('-')[1]) + 1
  }
  await expect.poll(offset).toBe(came)
  const digest = digestOf(large)
  const rest = { body: large.slice(came) }
  expect((await client.send('PUT', `${path}?digest=${digest}`, rest)).status).toBe(201)
  expectBytes(await pulled(`/v2/broken/blobs/${digest}`), large)
})

test('a blob with a wrong digest is refused, and leaves nothing', async () => {
  const before = await edge.keys()
  const digest = digestOf('something else')
  const refused = await edge.client.send('POST', `/v2/wrong/blobs/uploads/?digest=${digest}`, {
    body: large,
  })
  expect(refused.status).toBe(400)
  expect(await edge.keys()).toEqual(before)
})

test('of pushes of one digest at once, one copy is kept', async () => {
  const text = 'pushed by many at once'
  const before = await edge.keys()
  const pushes = Array.from({ length: 6 }, (_, n) => edge.client.pushBlob(`many/${n}`, text))
  await Promise.all(pushes)
  const added = (await edge.keys()).filter((key) => !before.includes(key))
  expect(added.map((key) => key.split('/')[0]).sort()).toEqual(['blobs', 'index'])
  expectBytes(await pulled(`/v2/many/3/blobs/${digestOf(text)}`), utf8(text))
})

test('blobs are mounted, tags and referrers listed, and all of it deleted', async () => {
  const { client } = edge
  const image = await client.pushImage('from', 'v1')
  const mount = `/v2/to/blobs/uploads/?mount=${image.layer}&from=from`
  expect((await client.send('POST', mount)).status).toBe(201)
  expect((await client.send('GET', `/v2/elsewhere/blobs/${image.layer}`)).status).toBe(404)

  const subject = { mediaType: ociManifest, digest: image.digest, size: image.text.length }
  const referrer = imageManifest('a layer of from', { subject, artifactType: 'text/plain' })
  const digest = await client.pushManifest('from', 'signature', referrer)
  const tags = await client.send('GET', '/v2/from/tags/list?n=1')
  expect(await tags.json()).toEqual({ name: 'from', tags: ['signature'] })
  const list = await client.send('GET', `/v2/from/referrers/${image.digest}`)
  const { manifests } = (await list.json()) as { manifests: Array<{ digest: string }> }
  expect(manifests.map((one) => one.digest)).toEqual([digest])

  expect((await client.send('DELETE', `/v2/from/manifests/${image.digest}`)).status).toBe(202)
  expect((await client.send('GET', '/v2/from/manifests/v1')).status).toBe(404)
})

test('the cron trigger deletes unreferenced bytes, and no others', async () => {
  const { client } = edge
  const kept = await client.pushImage('kept', 'v1')
  const gone = await client.pushBlob('gone', 'not needed any more')
  expect((await edge.keys()).some((key) => key.includes(gone))).toBe(true)
  expect((await client.send('DELETE', `/v2/gone/blobs/${gone}`)).status).toBe(202)
  await edge.clean()
  expect((await edge.keys()).some((key) => key.includes(gone))).toBe(false)
  expectBytes(await pulled(`/v2/kept/blobs/${kept.layer}`), utf8('a layer of kept'))
})

test('a condemned copy is deleted when its digest was pushed again, and the new copy is not', async () => {
  const { client } = edge
  const text = 'deleted, and pushed again before anybody cleaned'
  const digest = await client.pushBlob('again', text)
  const [old] = (await edge.keys()).filter((key) => key.includes(digest))
  expect((await client.send('DELETE', `/v2/again/blobs/${digest}`)).status).toBe(202)
  await client.pushBlob('again', text)
  await edge.clean()
  const left = (await edge.keys()).filter((key) => key.includes(digest))
  expect(left).toHaveLength(1)
  expect(left).not.toContain(old)
  expectBytes(await pulled(`/v2/again/blobs/${digest}`), utf8(text))
})

test('bytes that are gone from the bucket are missing, until they are pushed again', async () => {
  const { client } = edge
  const text = 'deleted with another tool'
  const digest = await client.pushBlob('hurt', text)
  const marker = (await edge.keys()).find((key) => key.includes(digest)) ?? ''
  const [, upload, random] = marker.split('/')
  const bucket = (await edge.server.getR2Bucket('BLOBS')) as unknown as R2Bucket
  await bucket.delete(`blobs/${upload}/${random}`)
  const path = `/v2/hurt/blobs/${digest}`
  expect((await client.send('GET', path)).status).toBe(404)
  expect((await client.send('HEAD', path)).status).toBe(404)
  const mount = `/v2/elsewhere/blobs/uploads/?mount=${digest}&from=hurt`
  expect((await client.send('POST', mount)).status).toBe(202)
  await expect.poll(() => edge.log.some((line) => line.includes('bytes-missing'))).toBe(true)
  await client.pushBlob('hurt', text)
  expectBytes(await pulled(path), utf8(text))
})

test('a repository is deleted with all it holds', async () => {
  const { client } = edge
  const { layer } = await client.pushImage('whole', 'v1')
  expect((await client.send('DELETE', '/v2/_layerdock/repositories/whole')).status).toBe(202)
  expect((await client.send('GET', '/v2/whole/tags/list')).status).toBe(404)
  await edge.clean()
  expect((await edge.keys()).some((key) => key.includes(layer))).toBe(false)
})

test('the log has each push, with the address that Cloudflare saw', async () => {
  const headers = { 'CF-Connecting-IP': '203.0.113.7' }
  const session = await edge.client.openUpload('told')
  const digest = digestOf('told')
  const put = `${session}?digest=${digest}`
  expect((await edge.client.send('PUT', put, { headers, body: 'told' })).status).toBe(201)
  const told = (): unknown[] =>
    edge.log.filter((line) => line.includes(digest)).map((line) => JSON.parse(line))
  await expect
    .poll(told)
    .toMatchObject([
      { kind: 'blob-pushed', repository: 'told', digest, peer: { address: '203.0.113.7' } },
    ])
})

test('the daily sweep keeps bytes that are young or have a name', async () => {
  const { client } = edge
  const kept = await client.pushImage('swept', 'v1')
  const before = await edge.keys()
  await edge.clean('30 3 * * *')
  expect((await edge.keys()).filter((key) => key.includes(kept.layer))).toEqual(
    before.filter((key) => key.includes(kept.layer)),
  )
  expectBytes(await pulled(`/v2/swept/blobs/${kept.layer}`), utf8('a layer of swept'))
})
