import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle } from '../../examples/cloudflare/bundle.mjs'
import { bundleParts } from './bundle-parts.ts'

const entryOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

test.each([
  ['the registry with stores of its own', 'registry-alone.ts', 46_000],
  ['the registry and its web page, without stores', 'registry-and-page.ts', 94_000],
])('%s: %s is at most %d bytes, compressed', async (_, file, most) => {
  const compressed = gzipSync(await bundle(entryOf(file)), { level: 9 })
  expect(compressed.byteLength).toBeLessThanOrEqual(most)
})

test('the registry and its web page, with views of their own files, begin with less than 50 kB, compressed', async () => {
  const parts = await bundleParts(entryOf('registry-and-page.ts'))
  expect(parts.loadedBy('registry-and-page.ts')).toBeLessThan(50_000)
  // The first view has the sheet, the script and all English too.
  const firstView = parts.loadedBy('registry-and-page.ts', 'ui/page-answer.ts')
  expect(firstView).toBeLessThan(62_000)
  expect(firstView).toBeLessThan(parts.all * 0.75)
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
