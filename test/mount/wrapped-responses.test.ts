import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import express from 'express'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { createListener, type DiskRegistry, openRegistry } from 'layerdock/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { digestOf } from '../http/client.ts'
import { type Hosting, listenOn } from './hosts.ts'
import { clientAt } from './over-the-wire.ts'

/** Ways in which middleware wraps a response, `compression()` among them. */
const wrappers: Readonly<Record<string, express.RequestHandler>> = {
  'forgets the callback of write'(_request, response, next) {
    const { write } = response
    response.write = (chunk: Uint8Array): boolean => write.call(response, chunk, 'utf8')
    next()
  },
  'compresses everything'(_request, response, next) {
    const { write, end, writeHead, on } = response
    const gzip = createGzip().setMaxListeners(0)
    gzip.on('data', (chunk) => {
      if (!write.call(response, chunk, 'utf8')) gzip.pause()
    })
    on.call(response, 'drain', () => gzip.resume())
    gzip.on('end', () => end.call(response, undefined, 'utf8'))
    Object.assign(response, {
      writeHead(status: number, headers: Record<string, string>) {
        const { 'content-length': _, ...others } = headers
        return writeHead.call(response, status, { ...others, 'content-encoding': 'gzip' })
      },
      write: (chunk: Uint8Array) => gzip.write(chunk),
      end(chunk?: Uint8Array) {
        gzip.end(chunk)
        return response
      },
      on(event: string, listener: () => void) {
        if (event === 'drain') gzip.on('drain', listener)
        else on.call(response, event, listener)
        return response
      },
    })
    next()
  },
}

/** More than Node's buffers and the kernel's hold. */
const bytes = sampleBytes(5_000_000)

let folder: string
let registry: DiskRegistry
const open: Hosting[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-wrapped-'))
  registry = await openRegistry({ directory: join(folder, 'store') })
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((hosting) => hosting.close()))
})
afterAll(async () => {
  await registry.close()
  rmSync(folder, { recursive: true })
})

/** Pulls what it has pushed, whole and in part. */
async function expectPulls(starting: Promise<Hosting>): Promise<void> {
  const hosting = await starting
  open.push(hosting)
  const client = clientAt(hosting.origin)
  const digest = await client.pushBlob('app', bytes)
  const headers = { 'Accept-Encoding': 'gzip' }
  const got = await client.send('GET', `/v2/app/blobs/${digest}`, { headers })
  expect(digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(digest)
  const part = await client.send('GET', `/v2/app/blobs/${digest}`, {
    headers: { ...headers, Range: 'bytes=1000-1000999' },
  })
  expect(part.status).toBe(206)
  expect(digestOf(new Uint8Array(await part.arrayBuffer()))).toBe(
    digestOf(bytes.subarray(1000, 1_001_000)),
  )
}

describe('a pull of a blob on disk ends behind', () => {
  test.each(Object.entries(wrappers))('a middleware that %s', async (_, wrap) => {
    const app = express()
    app.use(wrap, createListener(registry))
    await expectPulls(listenOn(app))
  })

  test('Hono’s compress()', async () => {
    const app = new Hono().use(compress()).mount('/', (request) => registry.fetch(request))
    await expectPulls(listenOn(createListener({ fetch: (request) => app.fetch(request) })))
  })
})
