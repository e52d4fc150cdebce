import { mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, runtimes, startServer } from '../../conformance/servers.mjs'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import { clientOf, digestOf } from '../promises/client.ts'

const mib = 1024 * 1024

/**
 * The promises about the connections of `layerdock serve`, on another runtime than Node. Those that wait for a
 * clock come first, and all at once. Only they have a server with short timeouts: on a busy machine it would cut others.
 *
 * @param patienceMs how long a silent connection lives at most, with timeouts of three seconds
 */
export function holdsItsConnections(runtime: string, patienceMs: number): void {
  let top: string
  let server: RunningServer
  let port: number
  let store: string

  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), 'layerdock-connections-'))
  })
  afterAll(() => rm(top, { recursive: true, force: true }))

  const start = (folder: string, args: readonly string[] = []): Promise<RunningServer> => {
    const { entry = '', find } = runtimes[runtime] ?? {}
    const { command = [] } = find?.('current') ?? {}
    return startServer({ command, entry, store: 'disk', dir: join(top, folder), args })
  }
  const startForSuite = (folder: string, args: readonly string[]): void => {
    beforeAll(async () => {
      server = await start(folder, args)
      port = portOf(server)
      store = join(top, folder)
    })
    afterAll(() => server?.kill())
  }

  const client = () => clientOf(`http://${server.host}`)
  const newSession = async (): Promise<string> =>
    (await client().send('POST', '/v2/app/blobs/uploads/')).headers.get('location') ?? ''

  const logged = (path: string): Record<string, unknown> | undefined =>
    server
      .output()
      .split('\n')
      .filter((line) => line.includes('"request"') && line.includes(path) && line.endsWith('}'))
      .map((line) => JSON.parse(line))
      .find((entry) => entry.path === path)

  const fileOf = async (digest: string): Promise<string> => {
    const folder = join(store, 'blobs/sha256')
    const name = (await readdir(folder)).find((each) => each.startsWith(digest.slice(7)))
    return join(folder, name ?? 'none')
  }

  describe('a server with short timeouts', () => {
    const timeouts = ['headers', 'stall', 'keep-alive'].flatMap((name) => [
      `--${name}-timeout`,
      '3s',
    ])
    startForSuite('hasty', [...timeouts, '--slowest-pull', '100MiB'])

    describe.concurrent('connections on which nothing moves', () => {
      it('are cut, whatever they wait for', async () => {
        const session = await newSession()
        const waiting = [
          '',
          'GET /v2/ HTTP/1.1\r\nHo',
          'GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n',
          `PATCH ${session} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf`,
          `PATCH ${session} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha`,
        ]
        await Promise.all(waiting.map(async (text) => endOf(await dialled(port, text))))
      })

      it('leave the bytes that they sent', async () => {
        const session = await newSession()
        const head = `PATCH ${session} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n`
        await endOf(await dialled(port, `${head}half`))
        const headers = { Connection: 'close' }
        const state = await client().send('GET', session, { headers })
        expect(state.headers.get('range')).toBe('0-3')
      })

      it.runIf(process.platform === 'linux')(
        'are cut when they do not read',
        async ({ expect }) => {
          const { digest, size } = await client().pushBlob('app', largeBytes(1))
          const socket = await dialled(
            port,
            `GET /v2/app/blobs/${digest} HTTP/1.1\r\nHost: h\r\n\r\n`,
          )
          socket.pause()
          await expect.poll(() => isOpen(port, socket)).toBe(false)
          expect((await readAll(socket.resume())).length).toBeLessThan(size)
        },
      )

      it('are not cut while a byte comes now and then', async () => {
        const trickle = Math.ceil(patienceMs / 1_000)
        const session = await newSession()
        const head = `PATCH ${session} HTTP/1.1\r\nHost: h\r\nContent-Length: ${trickle}\r\n\r\n`
        const socket = await dialled(port, head)
        for (let sent = 0; sent < trickle; sent++) {
          await new Promise((resolve) => setTimeout(resolve, 1_000))
          socket.write('x')
        }
        expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 202/)
        socket.destroy()
      })
    })

    describe.concurrent('a pull that ends early', () => {
      it('does not look whole where the file lost its end', async () => {
        const { digest, size } = await client().pushBlob('app', largeBytes(2))
        const socket = await dialled(
          port,
          `GET /v2/app/blobs/${digest} HTTP/1.1\r\nHost: h\r\n\r\n`,
        )
        await readUntil(socket, '\r\n\r\n')
        socket.pause()
        const file = await fileOf(digest)
        await truncate(file, mib)
        expect((await stat(file)).size).toBe(mib)
        expect((await readAll(socket.resume())).length).toBeLessThan(size)
      })

      it('is logged as cut short', async ({ expect }) => {
        const { digest, size } = await client().pushBlob('app', largeBytes(3))
        const path = `/v2/app/blobs/${digest}`
        const socket = await dialled(port, `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
        await readUntil(socket, '\r\n\r\n')
        socket.pause()
        // The server cuts it, since nothing is read.
        await expect.poll(() => logged(path)).toMatchObject({ status: 200 })
        expect(logged(path)).toMatchObject({ aborted: true })
        // Bun does not say how much of a file it sent.
        if (runtime === 'bun') expect(logged(path)).not.toHaveProperty('bytes')
        else expect(Number(logged(path)?.bytes)).toBeLessThan(size)
        socket.destroy()
      })
    })
  })

  describe('a server', () => {
    startForSuite('store', ['--max-blob', '64MiB'])

    describe('an answer before the body is there', () => {
      it('reaches a client that sends on regardless, and the connection ends', async () => {
        const target = `/v2/app/blobs/uploads/?digest=${digestOf('x')}`
        const socket = await dial(port)
        const answer = readAll(socket)
        socket.write(`POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n`)
        const chunk = Buffer.alloc(65_536)
        const send = (): void => {
          if (socket.writable && !socket.destroyed) socket.write(chunk, () => setImmediate(send))
        }
        send()
        const text = await answer
        expect(text).toMatch(/^HTTP\/1\.1 413 /)
        expect(text).toMatch(/connection: close/i)
        expect(text).toContain('SIZE_INVALID')
      })

      it('does not end a connection whose body was short', async () => {
        const text = 'POST /v2/app/tags/list HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody'
        const socket = await dialled(port, text)
        expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 405 /)
        socket.write('GET /v2/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
        expect(await readAll(socket)).toMatch(/HTTP\/1\.1 200 /)
      })
    })

    describe('blobs', () => {
      it('are sent with the headers of the registry and none of the file', async () => {
        const bytes = crypto.getRandomValues(new Uint8Array(50_000))
        const { digest } = await client().pushBlob('app', bytes)
        const whole = await client().send('GET', `/v2/app/blobs/${digest}`)
        expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes)
        const part = await client().send('GET', `/v2/app/blobs/${digest}`, {
          headers: { Range: 'bytes=10-19' },
        })
        expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20))
        expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/50000'])
        const several = await client().send('GET', `/v2/app/blobs/${digest}`, {
          headers: { Range: 'bytes=0-1,4-5' },
        })
        const severalBytes = Buffer.from(await several.arrayBuffer()).toString('latin1')
        expect([several.status, severalBytes.match(/^Content-Range: /gm)?.length]).toEqual([206, 2])
        expect(several.headers.get('content-length')).toBe(String(severalBytes.length))
        expect(several.headers.get('content-type')).toMatch(/^multipart\/byteranges; boundary=/)
        // A HEAD has no ranges (RFC 9110, section 14.2).
        const asked = await client().send('HEAD', `/v2/app/blobs/${digest}`, {
          headers: { Range: 'bytes=0-1,4-5' },
        })
        expect([asked.status, asked.headers.get('content-length')]).toEqual([200, '50000'])
        for (const { headers } of [whole, part, asked]) {
          expect(headers.get('content-type')).toBe('application/octet-stream')
        }
        for (const { headers } of [whole, part, several, asked]) {
          expect(headers.get('content-disposition')).toBe('attachment')
          expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
        }
      })

      it('that lost their end or are gone are not there', async () => {
        const short = await client().pushBlob('app', largeBytes(1))
        await truncate(await fileOf(short.digest), 4_000)
        expect((await client().send('GET', `/v2/app/blobs/${short.digest}`)).status).toBe(404)
        const gone = await client().pushBlob('app', largeBytes(9))
        await rm(await fileOf(gone.digest))
        expect((await client().send('GET', `/v2/app/blobs/${gone.digest}`)).status).toBe(404)
      })
    })

    describe('the access log', () => {
      it('has no status for a request that was cut before its answer', async () => {
        const path = await newSession()
        const head = `PATCH ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n`
        const socket = await dialled(port, `${head}Expect: 100-continue\r\n\r\n`)
        await readUntil(socket, '100 Continue\r\n\r\n')
        socket.destroy()
        await expect.poll(() => logged(path)).toMatchObject({ aborted: true })
        expect(logged(path)).not.toHaveProperty('status')
        expect(logged(path)).toMatchObject({ bytes: 0 })
      })

      it('counts the bytes of the body alone', async () => {
        const { digest } = await client().pushBlob('app', new Uint8Array(12_345).fill(7))
        const path = `/v2/app/blobs/${digest}?n=`
        await (await client().send('GET', `${path}1`)).arrayBuffer()
        await client().send('HEAD', `${path}2`)
        const last = `GET ${path}3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
        await readAll(await dialled(port, last))
        const entry = { status: 200, bytes: 12_345 }
        await expect.poll(() => logged(`${path}1`)).toMatchObject(entry)
        await expect.poll(() => logged(`${path}2`)).toMatchObject({ ...entry, bytes: 0 })
        await expect.poll(() => logged(`${path}3`)).toMatchObject(entry)
        for (const end of [1, 2, 3]) expect(logged(`${path}${end}`)).not.toHaveProperty('aborted')
      })

      it.each(['/v2/app/manifests/none', '/v2/app/none', '/v2/UPPER/tags/list'])(
        'counts the bytes of the error at %s',
        async (path) => {
          const answer = await client().send('GET', path)
          const bytes = (await answer.arrayBuffer()).byteLength
          expect(bytes).toBeGreaterThan(0)
          await expect.poll(() => logged(path)).toMatchObject({ bytes, status: answer.status })
        },
      )
    })
  })

  it('ends at SIGTERM with the upload that is under way, and tells others that it will', async () => {
    const ending = await start('ending')
    const digest = digestOf('whole')
    const head = `POST /v2/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`
    const idle = await dialled(portOf(ending), 'GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n')
    await readUntil(idle, '\r\n\r\n')
    const busy = await dialled(portOf(ending), head)
    await readUntil(busy, '100 Continue\r\n\r\n')
    const stopped = ending.stop()
    await expect.poll(async () => (await ready(ending)).status).toBe(503)
    expect(await (await ready(ending)).json()).toEqual({ status: 'draining' })
    idle.write('GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await readAll(idle)).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close/i)
    busy.write('whole')
    expect(await readUntil(busy, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /)
    await stopped
    expect(ending.output()).toContain('"msg":"stopped"')
    busy.destroy()
  })
}

function ready({ host }: RunningServer): Promise<Response> {
  return fetch(`http://${host}/ready`, { headers: { Connection: 'close' } })
}

/** More than the sockets of both sides hold. */
function largeBytes(filling: number): Uint8Array {
  return new Uint8Array(32 * mib).fill(filling)
}

function portOf({ host }: RunningServer): number {
  return Number(host.split(':')[1])
}

async function dialled(port: number, text: string): Promise<Socket> {
  const socket = await dial(port)
  socket.write(text)
  return socket
}

/** Resolves when the server closes the connection. */
function endOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      socket.destroy()
      resolve()
    }
    socket.resume().once('close', end).once('end', end)
  })
}

/** Whether the server still has its side of a connection open, which a paused socket does not show. */
async function isOpen(port: number, { localPort = 0 }: Socket): Promise<boolean> {
  const address = (port: number): string => `0100007F:${port.toString(16).padStart(4, '0')}`
  const established = `: ${address(port)} ${address(localPort)} 01 `.toUpperCase()
  return (await readFile('/proc/net/tcp', 'latin1')).includes(established)
}
