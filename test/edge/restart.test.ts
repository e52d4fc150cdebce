import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { digestOf } from '../http/client.ts'
import { bootRegistry } from './registry-edge.ts'

test('names, bytes and unfinished uploads outlive the runtime', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'layerdock-edge-'))
  try {
    const bytes = sampleBytes(7_000_000)
    const digest = digestOf(bytes)

    const before = await bootRegistry(directory)
    const image = await before.client.pushImage('library/image', 'v1')
    const path = await before.client.openUpload('library/image')
    const headers = { 'Content-Range': '0-5999999' }
    const body = bytes.slice(0, 6_000_000)
    expect((await before.client.send('PATCH', path, { headers, body })).status).toBe(202)
    await before.end()

    const after = await bootRegistry(directory)
    const manifest = await after.client.send('GET', '/v2/library/image/manifests/v1')
    expect(await manifest.text()).toBe(image.text)
    const status = await after.client.send('GET', path)
    expect(status.headers.get('range')).toBe('0-5999999')
    const rest = { body: bytes.slice(6_000_000) }
    const put = await after.client.send('PUT', `${path}?digest=${digest}`, rest)
    expect(put.status).toBe(201)
    const blob = await after.client.send('GET', `/v2/library/image/blobs/${digest}`)
    expect(digestOf(new Uint8Array(await blob.arrayBuffer()))).toBe(digest)
    await after.end()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
