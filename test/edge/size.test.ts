import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle } from '../../examples/cloudflare/bundle.mjs'

test('the registry with stores of its own is at most 40 kB, compressed', async () => {
  // What brings tables of earlier versions up to date is no part of a new program.
  const compressed = gzipSync(await bundle(undefined, ['./sql-earlier.ts']), { level: 9 })
  expect(compressed.byteLength).toBeLessThanOrEqual(41_000)
})

test('a worker needs of Node its hashes, and nothing else', async () => {
  const specifiers = (await bundle()).matchAll(/["'`]((?:node|cloudflare|bun):[\w/]+)["'`]/g)
  const found = new Set([...specifiers].map(([, specifier]) => specifier))
  expect([...found].sort()).toEqual(['cloudflare:workers', 'node:crypto'])
})
