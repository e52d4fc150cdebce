import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { digestOf, pushBlob } from '../cli/harness.ts'
import { bootEdge, type Edge } from './edge.ts'

let edge: Edge
beforeAll(async () => {
  edge = await bootEdge({}, fileURLToPath(new URL('rotten-worker.ts', import.meta.url)))
})
afterAll(() => edge.end())

/** How many bytes of a blob come, and whether that is all of it, as a client sees it that checks nothing else. */
function pull(digest: string): Promise<{ readonly count: number; readonly cut: boolean }> {
  return new Promise((resolve) => {
    let count = 0
    const request = get(`${edge.url}/v2/a/blobs/${digest}`, { agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => {
        count += chunk.byteLength
      })
      response.once('end', () => resolve({ count, cut: !response.complete }))
      response.once('error', () => resolve({ count, cut: true }))
    })
    request.once('error', () => resolve({ count, cut: true }))
  })
}

test("a pull of wrong bytes is cut on Cloudflare's runtime, and a push heals them", async () => {
  const bytes = sampleBytes(1_000_000, 5)
  const digest = await pushBlob(edge.url, bytes)
  expect(digest).toBe(digestOf(bytes))
  expect(await pull(digest)).toEqual({ count: bytes.byteLength, cut: false })
  await edge.fetch(new Request('http://edge/rot', { method: 'POST' }))
  const { count, cut } = await pull(digest)
  expect(cut).toBe(true)
  expect(count).toBeLessThan(bytes.byteLength)
  const head = new Request(`http://edge/v2/a/blobs/${digest}`, { method: 'HEAD' })
  expect((await edge.fetch(head)).status).toBe(404)
  await edge.fetch(new Request('http://edge/rot', { method: 'DELETE' }))
  await pushBlob(edge.url, bytes)
  expect(await pull(digest)).toEqual({ count: bytes.byteLength, cut: false })
})
