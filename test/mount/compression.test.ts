import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { expect, test } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import { clientOf, digestOf } from '../http/client.ts'

test("hono's compress() leaves manifests and blobs as they are, and may compress lists", async () => {
  const registry = createRegistry()
  const host = new Hono()
  host.use(compress({ threshold: 0 }))
  host.all('*', (context) => registry.fetch(context.req.raw))
  const client = clientOf({ fetch: (request) => host.fetch(request) })
  const { text, digest, layer } = await client.pushImage('app', 'latest')
  const headers = { 'Accept-Encoding': 'gzip' }
  for (const path of [
    '/v2/app/manifests/latest',
    `/v2/app/manifests/${digest}`,
    `/v2/app/blobs/${layer}`,
  ]) {
    const answer = await client.send('GET', path, { headers })
    expect(answer.headers.get('content-encoding')).toBeNull()
    const content = await answer.text()
    expect(answer.headers.get('content-length')).toBe(String(content.length))
    expect(answer.headers.get('docker-content-digest')).toBe(digestOf(content))
    if (path.includes('manifests')) expect(content).toBe(text)
  }
  const list = await client.send('GET', '/v2/app/tags/list', { headers })
  expect(list.headers.get('content-encoding')).toBe('gzip')
})
