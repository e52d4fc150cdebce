import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle } from '../../examples/cloudflare/bundle.mjs'

test('the registry with stores of its own is at most 40 kB, compressed', async () => {
  const compressed = gzipSync(await bundle(), { level: 9 })
  expect(compressed.byteLength).toBeLessThanOrEqual(40_000)
})

test('a worker needs of Node its hashes, and nothing else', async () => {
  const specifiers = (await bundle()).matchAll(/["'`]((?:node|cloudflare|bun):[\w/]+)["'`]/g)
  const found = new Set([...specifiers].map(([, specifier]) => specifier))
  expect([...found].sort()).toEqual(['cloudflare:workers', 'node:crypto'])
})

test('a worker that does not mount the registry in a Hono app has none in it', async () => {
  const code = await bundle()
  expect(code).toContain('PatternRouter')
  // What Hono says of a handler that gives no answer: strings stay whole in a minified bundle.
  expect(code).not.toContain('Context is not finalized')
})
