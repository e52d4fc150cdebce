import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { createRegistry, defaultLimits, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, codesOf, digestOf, imageOf } from './client.ts'
import { exchange, head } from './raw-socket.ts'
import { served } from './served.ts'

/**
 * CVE-2026-44456 and CVE-2026-54288: limits that only looked at Content-Length, and a fix that read
 * whole chunked bodies into memory. CVE-2017-11468, zot #3977: manifests of any size in memory.
 */

const mib = 1024 * 1024
const headers = { 'Content-Type': mediaTypes.ociManifest }

/** A body that never ends, and the number of bytes that were read of it. */
function endless(chunkBytes: number): { stream: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken += chunkBytes
        controller.enqueue(new Uint8Array(chunkBytes).fill(0x20))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken: () => taken }
}

/** A manifest of exactly `size` bytes. */
async function manifestOf(client: Client, size: number): Promise<Uint8Array> {
  const text = JSON.stringify(imageOf(await client.pushBlob('app', '{}')))
  return new TextEncoder().encode(text.padEnd(size))
}

function inChunks(bytes: Uint8Array, chunkBytes: number, seen: () => void = () => {}) {
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= bytes.byteLength) {
          seen()
          controller.close()
          return
        }
        // Each chunk in a buffer of its own, as they arrive from a socket.
        controller.enqueue(bytes.slice(at, at + chunkBytes))
        at += chunkBytes
      },
    },
    { highWaterMark: 0 },
  )
}

setFlagsFromString('--expose-gc')
const collectMemory = runInNewContext('gc') as () => void

function memoryInUse(): number {
  collectMemory()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('limits count arriving bytes, not Content-Length (CVE-2026-44456, CVE-2026-54288)', () => {
  it('an endless manifest is 413 as soon as it is too large', async () => {
    const client = clientOf(createRegistry({ limits: { manifestBytes: mib } }))
    const { stream, taken } = endless(64 * 1024)
    const answer = await client.send('PUT', '/v2/app/manifests/x', { headers, body: stream })
    expect(answer.status).toBe(413)
    expect(await codesOf(answer)).toEqual(['MANIFEST_INVALID'])
    expect(taken()).toBeLessThanOrEqual(mib + 2 * 64 * 1024)
  })

  it.each(['POST', 'PATCH', 'PUT'])(
    'an endless blob is 413 as soon as it is too large: %s',
    async (method) => {
      const registry = createRegistry({ limits: { blobBytes: mib } })
      const client = clientOf(registry)
      const digest = digestOf('x')
      const opened = await client.send('POST', '/v2/app/blobs/uploads/')
      const session = opened.headers.get('location') ?? ''
      const paths: Record<string, string> = {
        POST: `/v2/app/blobs/uploads/?digest=${digest}`,
        PATCH: session,
        PUT: `${session}?digest=${digest}`,
      }
      const { stream, taken } = endless(64 * 1024)
      const answer = await client.send(method, paths[method] ?? '', { body: stream })
      expect(answer.status).toBe(413)
      expect(await codesOf(answer)).toEqual(['SIZE_INVALID'])
      expect(taken()).toBeLessThanOrEqual(mib + 2 * 64 * 1024)
      expect((await client.send('GET', session)).headers.get('range')).toBe('0-0')
    },
  )

  it('a body with too large a Content-Length is refused before a byte of it is read', async () => {
    const site = await served({ limits: { manifestBytes: mib, blobBytes: mib } })
    for (const target of [
      'PUT /v2/app/manifests/x',
      'POST /v2/app/blobs/uploads/?digest=sha256:00',
    ]) {
      const [method, path] = target.replace('sha256:00', digestOf('x')).split(' ')
      const { answers } = await exchange(
        site.port,
        head(`${method} ${path} HTTP/1.1`, `Content-Length: ${mib + 1}`),
      )
      expect(answers.map(({ status }) => status)).toEqual([413])
    }
  })

  it('on Node, a chunked body is cut off after the limit', async () => {
    const site = await served({ limits: { manifestBytes: 100_000 } })
    const chunk = `${(50_000).toString(16)}\r\n${' '.repeat(50_000)}\r\n`
    const { answers } = await exchange(
      site.port,
      head('PUT /v2/app/manifests/x HTTP/1.1', 'Transfer-Encoding: chunked'),
      chunk,
      chunk,
      chunk,
    )
    expect(answers.map(({ status }) => status)).toEqual([413])
    expect(answers[0]?.headers.get('connection')).toBe('close')
  })
})

describe('manifests are bounded (CVE-2017-11468, zot #3977)', () => {
  it.each([undefined, 4000])(
    '4 MiB pass, one byte more is 413; in chunks of %s',
    async (chunkBytes) => {
      const client = clientOf(createRegistry())
      const put = async (bytes: Uint8Array): Promise<Response> => {
        const body = chunkBytes === undefined ? bytes : inChunks(bytes, chunkBytes)
        return client.send('PUT', '/v2/app/manifests/large', { headers, body })
      }
      const largest = await manifestOf(client, defaultLimits.manifestBytes)
      expect(largest.byteLength).toBe(4 * mib)
      expect((await put(largest)).status).toBe(201)
      expect((await put(await manifestOf(client, 4 * mib + 1))).status).toBe(413)
      const read = await client.send('GET', '/v2/app/manifests/large')
      expect(digestOf(new Uint8Array(await read.arrayBuffer()))).toBe(digestOf(largest))
    },
  )

  it('a manifest that arrives byte by byte costs no more memory than its bytes', async () => {
    const client = clientOf(createRegistry())
    const bytes = await manifestOf(client, 200_000)
    const before = memoryInUse()
    let atEnd = 0
    const body = inChunks(bytes, 1, () => {
      atEnd = memoryInUse()
    })
    expect((await client.send('PUT', '/v2/app/manifests/slow', { headers, body })).status).toBe(201)
    expect(atEnd - before).toBeLessThan(4 * mib)
  })
})

describe('memory does not grow with a blob', () => {
  it('while 256 MiB go to disk', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-body-'))
    const registry = await openRegistry({ directory })
    try {
      const client = clientOf(registry)
      const chunk = new Uint8Array(64 * 1024)
      const session = (await client.send('POST', '/v2/app/blobs/uploads/')).headers.get('location')
      const before = process.memoryUsage().arrayBuffers
      let highest = 0
      let left = 4096
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            highest = Math.max(highest, process.memoryUsage().arrayBuffers)
            if (left === 0) controller.close()
            else controller.enqueue(chunk.slice())
            left -= 1
          },
        },
        { highWaterMark: 0 },
      )
      const patched = await client.send('PATCH', session ?? '', { body })
      expect(patched.headers.get('range')).toBe(`0-${256 * mib - 1}`)
      // How much of the written data stays in memory depends on the garbage collector, which differs
      // between versions; the blob is far larger.
      expect(highest - before).toBeLessThan(96 * mib)
    } finally {
      await registry.close()
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe('nothing is decompressed (undici CVE-2026-22036)', () => {
  const bomb = gzipSync(new Uint8Array(8 * mib))

  it.each([
    'gzip',
    'GZIP',
    'br',
    'zstd',
    'deflate',
    'x-gzip',
    'gzip, identity',
    'identity, gzip',
    '',
  ])('Content-Encoding %j is 415', async (encoding) => {
    const client = clientOf(createRegistry())
    const opened = await client.send('POST', '/v2/app/blobs/uploads/')
    const session = opened.headers.get('location') ?? ''
    const requests: ReadonlyArray<readonly [string, string]> = [
      ['POST', `/v2/app/blobs/uploads/?digest=${digestOf(bomb)}`],
      ['PATCH', session],
      ['PUT', `${session}?digest=${digestOf(bomb)}`],
      ['PUT', '/v2/app/manifests/x'],
    ]
    for (const [method, path] of requests) {
      const sent = { ...headers, 'Content-Encoding': encoding }
      const answer = await client.send(method, path, { headers: sent, body: bomb })
      expect(answer.status, method).toBe(415)
    }
  })

  it('a compressed bomb is stored and served as it is', async () => {
    const client = clientOf(createRegistry())
    const { digest } = await client.pushBlob('app', new Uint8Array(bomb))
    const answer = await client.send('GET', `/v2/app/blobs/${digest}`, {
      headers: { 'Accept-Encoding': 'gzip, br, zstd' },
    })
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect((await answer.arrayBuffer()).byteLength).toBe(bomb.byteLength)
  })
})
