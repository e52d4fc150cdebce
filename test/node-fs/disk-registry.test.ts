import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as secureRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createListener,
  type DiskRegistry,
  openRegistry,
  type Serving,
  serve,
} from '../../adapters/node-fs/index.ts'
import type { Notice } from '../../src/index.ts'
import { dial, listening, readUntil } from './loopback.ts'

let folder: string
let registry: DiskRegistry
let serving: Serving
let notices: Notice[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerdock-node-'))
  notices = []
  // One that throws harms nothing: a rejection that is not handled fails the run.
  const take = (notice: Notice): never => {
    notices.push(notice)
    throw new Error('the program is broken')
  }
  registry = await openRegistry({ directory: folder, onNotice: take })
  serving = await serve(registry, { port: 0, onNotice: take })
})

afterEach(async () => {
  await serving.close(0)
  await registry.close()
  rmSync(folder, { recursive: true })
})

async function push(bytes: Uint8Array<ArrayBuffer>, to: string = serving.url): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const target = `${to}/v2/a/blobs/uploads/?digest=${digest}`
  const answer = await fetch(target, { method: 'POST', body: bytes })
  expect(answer.status, await answer.text()).toBe(201)
  return digest
}

/** Descriptors of this process that are open on a blob. */
function openBlobs(): number {
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(folder, 'blobs', 'sha256', '/'))
    } catch {
      return false
    }
  })
  return open.length
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer())

describe('a registry in a folder, served', () => {
  test.each([0, 1, 65_536, 65_537, 5_000_000])('gives %i bytes back as they were', async (size) => {
    const bytes = randomBytes(size)
    const digest = await push(bytes)
    const answer = await fetch(`${serving.url}/v2/a/blobs/${digest}`)
    expect(answer.headers.get('content-length')).toBe(String(size))
    expect(bytes.equals(await bytesOf(answer))).toBe(true)
  })

  test.runIf(process.platform === 'linux')(
    'lets go of a blob when its client goes away',
    async () => {
      const digest = await push(randomBytes(40_000_000))
      const socket = await dial(serving.port ?? 0)
      socket.write(`GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: h\r\n\r\n`)
      await readUntil(socket, '\r\n\r\n')
      expect(openBlobs()).toBe(1)
      socket.destroy()
      await until(() => openBlobs() === 0)
      expect(notices).toEqual([])
    },
  )

  test('a blob that lost its end is not taken for whole, and is reported', async () => {
    const digest = await push(randomBytes(40_000_000))
    const socket = await dial(serving.port ?? 0)
    socket.write(`GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: h\r\nX-Request-Id: r1\r\n\r\n`)
    await readUntil(socket, '\r\n\r\n')
    socket.pause()
    const blobs = join(folder, 'blobs', 'sha256')
    const name = readdirSync(blobs).find((each) => each.startsWith(digest.slice(7)))
    truncateSync(join(blobs, name ?? 'none'), 1_000_000)
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.byteLength
    })
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve).once('end', resolve))
    expect(bytes).toBeLessThan(40_000_000)
    await until(() => notices.length > 0)
    expect(notices).toEqual([
      {
        kind: 'failure',
        requestId: 'r1',
        method: 'GET',
        path: `/v2/a/blobs/${digest}`,
        error: expect.objectContaining({ message: expect.stringContaining('the file ends') }),
      },
    ])
  })
})

describe('createListener', () => {
  test('carries a registry in somebody else’s server, whose globals stay as they were', async () => {
    const before = [globalThis.Request, globalThis.Response]
    const other = createListener(registry)
    const { server, port } = await listening(other)
    const bytes = randomBytes(300_000)
    const digest = await push(bytes, `http://127.0.0.1:${port}`)
    const answer = await fetch(`http://127.0.0.1:${port}/v2/a/blobs/${digest}`)
    expect(bytes.equals(await bytesOf(answer))).toBe(true)
    expect([globalThis.Request, globalThis.Response]).toEqual(before)
    server.closeAllConnections()
    server.close()
  })

  test('says so when a body parser came first', async () => {
    const listener = createListener(registry)
    const parsing = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
      for await (const _ of incoming);
      listener(incoming, outgoing)
    }
    const { server, port } = await listening(
      (incoming, outgoing) => void parsing(incoming, outgoing),
    )
    const answer = await fetch(`http://127.0.0.1:${port}/v2/a/manifests/x`, {
      method: 'PUT',
      body: '{}',
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('mount the registry ahead of body parsers')
    server.closeAllConnections()
    server.close()
  })
})

describe('TLS', () => {
  const openssl = ((): boolean => {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })()

  test.runIf(openssl)('serves, drains and cuts as without it', async () => {
    const key = join(folder, '..', `${folder.split('/').at(-1)}.key`)
    const cert = `${key}.crt`
    const subject = ['-subj', '/CN=localhost', '-days', '1']
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        ...subject,
      ],
      { stdio: 'ignore' },
    )
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
    rmSync(key)
    rmSync(cert)
    const secure = await serve(registry, { port: 0, tls })
    expect(secure.url).toMatch(/^https:/)
    const digest = await push(randomBytes(3_000_000))
    const bytes = await new Promise<number>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: secure.port,
        path: `/v2/a/blobs/${digest}`,
        ca: tls.cert,
        servername: 'localhost',
      }
      secureRequest(options, (response) => {
        let size = 0
        response.on('data', (chunk) => {
          size += chunk.byteLength
        })
        response.on('end', () => resolve(size))
      })
        .on('error', reject)
        .end()
    })
    expect(bytes).toBe(3_000_000)
    expect(await secure.close(100_000)).toBe(0)
  })
})
