import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle } from '../../examples/cloudflare/bundle.mjs'

test.each([
  ['the registry with stores of its own', 'registry-alone.ts', 43_000],
  ['the registry and its web page, without stores', 'registry-and-page.ts', 90_000],
])('%s: %s is at most %d bytes, compressed', async (_, file, most) => {
  const entry = fileURLToPath(new URL(file, import.meta.url))
  const compressed = gzipSync(await bundle(entry), { level: 9 })
  expect(compressed.byteLength).toBeLessThanOrEqual(most)
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
