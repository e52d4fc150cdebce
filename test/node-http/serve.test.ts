import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Fetcher,
  type ServeOptions,
  type Serving,
  serve,
} from '../../adapters/node-fs/index.ts'
import { bodySource } from '../../src/kit.ts'
import { dial, promised, readAll, readUntil } from '../node-fs/loopback.ts'

const open: Serving[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((serving) => serving.close(0)))
})

async function serving(fetch: Fetcher['fetch'], options: ServeOptions = {}): Promise<Serving> {
  const started = await serve({ fetch }, { port: 0, ...options })
  open.push(started)
  return started
}

const ok = (): Response => new Response('ok')
const portOf = (started: Serving): number => started.port ?? 0
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

/** Sends `text` as it is; the whole answer, once the server hung up. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = await dial(port)
  socket.write(text)
  return readAll(socket)
}

/** Reads the body of a request to its end; the Response says how long it was. */
const swallow: Fetcher['fetch'] = async (request) => {
  let bytes = 0
  await bodySource(request)?.pipe((chunk) => {
    bytes += chunk.byteLength
  })
  return new Response(String(bytes))
}

describe('serve', () => {
  test('says where it really listens', async () => {
    const started = await serving(ok)
    expect(started.url).toBe(`http://127.0.0.1:${started.port}`)
    expect(await (await fetch(started.url)).text()).toBe('ok')
  })

  test('leaves the globals of the process alone', async () => {
    const before = [globalThis.Request, globalThis.Response]
    await serving(ok)
    expect([globalThis.Request, globalThis.Response]).toEqual(before)
  })

  test('throws where it cannot listen', async () => {
    const { port } = await serving(ok)
    await expect(serving(ok, { port: port ?? 0 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('answers pushes from the data events, and requests without a body', async () => {
    const { url } = await serving(swallow)
    const body = Buffer.alloc(1_000_000)
    expect(await (await fetch(url, { method: 'PUT', body })).text()).toBe('1000000')
    expect(await (await fetch(url, { method: 'POST' })).text()).toBe('0')
  })
})

describe('what is no request', () => {
  const malformed: ReadonlyArray<readonly [string, string, number]> = [
    ['garbage', 'this is no http\r\n\r\n', 400],
    ['a control character in a header', 'GET / HTTP/1.1\r\nHost: h\r\nX: a\u0001b\r\n\r\n', 400],
    [
      'both lengths',
      'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'two lengths',
      'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
      400,
    ],
    ['no host', 'GET /v2/ HTTP/1.1\r\n\r\n', 400],
    ['a host that is none', 'GET /v2/ HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a host with a path', 'GET /v2/ HTTP/1.1\r\nHost: a/b?c#d\r\n\r\n', 400],
    ['a backslash', 'GET /v2/\\..\\x HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['a target that is no path', 'GET v2 HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['too long a head', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ]

  test.each(malformed)(
    '%s is refused in the words of the specification',
    async (_, text, status) => {
      let asked = 0
      const started = await serving(() => {
        asked++
        return ok()
      })
      const answer = await exchange(portOf(started), text)
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(answer.toLowerCase()).toContain('docker-distribution-api-version: registry/2.0')
      expect(answer.toLowerCase()).toContain('connection: close')
      const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
      expect(JSON.parse(body)).toEqual({
        errors: [{ code: 'UNSUPPORTED', message: expect.stringContaining('not a request') }],
      })
      expect(asked).toBe(0)
    },
  )

  test('garbage after a good request ends the connection, and is not answered as a request', async () => {
    let asked = 0
    const started = await serving(() => {
      asked++
      return ok()
    })
    const answer = await exchange(portOf(started), `${get('/v2/')}garbage\r\n\r\n`)
    expect(answer.match(/^HTTP\/1\.1 /gm)?.length).toBeLessThanOrEqual(2)
    expect(asked).toBeLessThanOrEqual(1)
  })

  test('garbage while an answer is under way is not written into it', async () => {
    const { promise: more, keep } = promised()
    const started = await serving(
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new TextEncoder().encode('part'))
              await more
              controller.close()
            },
          }),
        ),
    )
    const socket = await dial(portOf(started))
    socket.write(get('/'))
    await readUntil(socket, 'part')
    const rest = readAll(socket)
    socket.write('garbage\r\n\r\n')
    expect(await rest).not.toContain('HTTP/1.1')
    keep()
  })
})

describe('an answer before the body is there', () => {
  const early = (): Response => new Response('too large', { status: 413 })
  const head = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n'

  test('reaches a client that sends on regardless, and the connection ends', async () => {
    const started = await serving(async () => early())
    const socket = await dial(portOf(started))
    const answer = readAll(socket)
    socket.write(head)
    const chunk = Buffer.alloc(65_536)
    const send = (): void => {
      if (socket.writable && !socket.destroyed) socket.write(chunk, () => setImmediate(send))
    }
    send()
    const text = await answer
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(text).toMatch(/connection: close/i)
    expect(text).toMatch(/content-length: 9\r\n/i)
    expect(text.endsWith('too large')).toBe(true)
  })

  test('what follows an unread body is never taken for a request', async () => {
    let asked = 0
    const started = await serving(async () => {
      asked++
      return early()
    })
    const body = Buffer.alloc(200_000)
    const text = `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`
    const socket = await dial(portOf(started))
    socket.write(text)
    socket.write(body)
    socket.write(get('/second'))
    const answer = await readAll(socket)
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(asked).toBe(1)
  })

  test('a short unread body is read away, and the connection goes on', async () => {
    const started = await serving(async () => new Response(null, { status: 400 }))
    const socket = await dial(portOf(started))
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n')
    await readUntil(socket, '\r\n\r\n')
    socket.write(`body${get('/again')}`)
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    socket.destroy()
  })
})

describe('connections on which nothing moves', () => {
  const timeouts = { headersMs: 1000, stallMs: 1000, keepAliveMs: 1000 }
  const endOf = (socket: Socket): Promise<void> =>
    new Promise((resolve) => socket.resume().once('close', resolve).once('end', resolve))

  test('a head that does not come is answered 408', async () => {
    const started = await serving(ok, { timeouts: { ...timeouts, stallMs: 100_000 } })
    const answer = await exchange(portOf(started), 'GET / HTTP/1.1\r\nHo')
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('{"errors":[')
  })

  test('a client that sends nothing at all is let go', async () => {
    const started = await serving(ok, { timeouts })
    await endOf(await dial(portOf(started)))
  })

  test.each([
    { limits: { stallMs: 100_000, keepAliveMs: 500 }, first: get('/') },
    { limits: { stallMs: 500, keepAliveMs: 100_000 }, first: '' },
  ])('a client that waits before or after its first request has its own time: %o', async (row) => {
    const started = await serving(ok, { timeouts: { ...timeouts, ...row.limits } })
    const socket = await dial(portOf(started))
    if (row.first !== '') {
      socket.write(row.first)
      expect(await readUntil(socket, 'ok')).toMatch(/^HTTP\/1\.1 200/)
    }
    await endOf(socket)
  })

  test('a registry has its time, however short the next request may be waited for', async () => {
    const started = await serving(
      async (request) => {
        if (request.url.endsWith('/slow')) await new Promise((resolve) => setTimeout(resolve, 500))
        return ok()
      },
      { timeouts: { ...timeouts, keepAliveMs: 20 } },
    )
    expect(await exchange(portOf(started), get('/slow'))).toMatch(/^HTTP\/1\.1 200/)
  })

  test('an upload that stalls is cut, and its reader told', async () => {
    const { promise, keep } = promised<unknown>()
    const started = await serving(
      (request) => {
        const answer = swallow(request)
        Promise.resolve(answer).catch(keep)
        return answer
      },
      { timeouts },
    )
    const socket = await dial(portOf(started))
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf')
    await endOf(socket)
    expect(await promise).toMatchObject({ name: 'BodyInterrupted' })
  })

  test('a download that is not read is cut', async () => {
    const started = await serving(() => new Response(new Uint8Array(64 * 1024 * 1024)), {
      timeouts,
      slowestPull: 100 * 1024 * 1024,
    })
    const { promise: cut, keep } = promised()
    started.server.on('connection', (peer) => peer.on('close', () => keep()))
    const socket = await dial(portOf(started))
    socket.write(get('/'))
    socket.pause()
    await cut
    socket.destroy()
  })

  test('a download that is not read makes room before a connection that is at work', async () => {
    const { promise: asked, keep } = promised()
    const started = await serving(
      (request) => {
        if (request.url.endsWith('/big')) return new Response(new Uint8Array(64 * 1024 * 1024))
        if (request.url.endsWith('/ok')) return ok()
        keep()
        return new Promise(() => {})
      },
      { timeouts: { ...timeouts, keepAliveMs: 60_000 }, maxConnections: 2, slowestPull: 1 },
    )
    const seenUnread = new Promise((resolve) => started.server.once('timeout', resolve))
    const unread = await dial(portOf(started))
    unread.write(get('/big'))
    unread.pause()
    await seenUnread
    const busy = await dial(portOf(started))
    busy.write(get('/busy'))
    await asked
    const third = await dial(portOf(started))
    third.write(get('/ok'))
    expect(await readUntil(third, '\r\n\r\nok')).toMatch(/^HTTP\/1\.1 200/)
    expect((await readAll(unread.resume())).length).toBeLessThan(64 * 1024 * 1024)
    expect(busy.destroyed).toBe(false)
    for (const socket of [busy, third]) socket.destroy()
  })

  test('an upload that trickles lasts as long as it moves', async () => {
    const started = await serving(swallow, { timeouts: { ...timeouts, stallMs: 3000 } })
    const hasty = await serving(ok, { timeouts: { ...timeouts, stallMs: 300 } })
    const socket = await dial(portOf(started))
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n')
    for (let sent = 0; sent < 12; sent++) {
      // A byte whenever the other server has lost its patience: slow, and all the same in time.
      await endOf(await dial(portOf(hasty)))
      socket.write('x')
    }
    expect(await readUntil(socket, '\r\n\r\n12')).toMatch(/^HTTP\/1\.1 200/)
    socket.destroy()
  })

  test('a registry that takes its time over a whole body is not cut off', async () => {
    const started: Serving = await serving(
      async (request) => {
        const answer = await swallow(request)
        // As long as it takes the same server to cut two others, one after the other.
        for (let cut = 0; cut < 2; cut++) await endOf(await dial(portOf(started)))
        return answer
      },
      { timeouts },
    )
    const socket = await dial(portOf(started))
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody')
    expect(await readUntil(socket, '\r\n\r\n4')).toMatch(/^HTTP\/1\.1 200/)
    socket.destroy()
  })
})

describe('settle', () => {
  test('waits for what is under way, and for nothing that came later', async () => {
    const started = await serving(swallow)
    const half = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf'
    const begun = (): Promise<void> =>
      new Promise((resolve) => started.server.once('request', () => resolve()))
    const [first, idle, second] = await Promise.all([1, 2, 3].map(() => dial(portOf(started))))
    const firstBegan = begun()
    first?.write(half)
    await firstBegan
    let settled = false
    const settling = started.settle(100_000).then(() => {
      settled = true
    })
    const secondBegan = begun()
    second?.write(half)
    await secondBegan
    idle?.write(get('/'))
    expect(await readUntil(idle as Socket, '\r\n\r\n0')).toMatch(/^HTTP\/1\.1 200 /)
    expect(await (await fetch(started.url)).text()).toBe('0')
    expect(settled).toBe(false)
    first?.write('half')
    await settling
    expect(await started.close(20)).toBe(1)
    for (const socket of [first, idle, second]) socket?.destroy()
  })

  test('does not wait where nothing is under way, nor beyond its time', async () => {
    const started = await serving(swallow)
    await started.settle(100_000)
    const socket = await dial(portOf(started))
    const other = await serving(swallow)
    const busy = await dial(portOf(other))
    const { promise: began, keep } = promised()
    other.server.on('request', () => keep())
    busy.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf')
    await began
    await other.settle(20)
    socket.destroy()
    busy.destroy()
  })
})

describe('close', () => {
  test('lets a request under way finish, and takes no more', async () => {
    const started = await serving(swallow)
    const port = portOf(started)
    const idle = await dial(port)
    const busy = await dial(port)
    const { promise: began, keep } = promised()
    started.server.on('request', () => keep())
    busy.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf')
    await began
    const closed = started.close(100_000)
    await readAll(idle)
    const refused = connect({ port, host: '127.0.0.1' })
    await new Promise((resolve) => refused.once('error', resolve))
    busy.write('half')
    expect(await readAll(busy)).toMatch(/^HTTP\/1\.1 200[\s\S]*8$/)
    expect(await closed).toBe(0)
  })

  test('waits until a slow client has read the end of an answer', async () => {
    const size = 32 * 1024 * 1024
    const started = await serving(() => new Response(new Uint8Array(size)))
    const socket = await dial(portOf(started))
    socket.write(get('/'))
    socket.pause()
    const { promise: answered, keep } = promised()
    started.server.on('request', () => keep())
    await answered
    const closed = started.close(100_000)
    await new Promise((resolve) => setImmediate(resolve))
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.byteLength
    })
    socket.resume()
    await new Promise((resolve) => socket.once('end', resolve))
    expect(bytes).toBeGreaterThan(size)
    expect(await closed).toBe(0)
    socket.destroy()
  })

  test('cuts what goes on past the deadline, and says how many', async () => {
    const started = await serving(swallow)
    const socket = await dial(portOf(started))
    const { promise: began, keep } = promised()
    started.server.on('request', () => keep())
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf')
    await began
    expect(await started.close(20)).toBe(1)
    socket.destroy()
  })
})

describe('the signal of a request', () => {
  /** Serves requests that end when their signal aborts; says when one has come, and when it aborted. */
  async function watched(): Promise<{ port: number; came: Promise<void>; aborted: Promise<void> }> {
    const [came, aborted] = [promised<void>(), promised<void>()]
    const { port } = await serving(async ({ signal }) => {
      const end = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve())
      })
      came.keep()
      await end
      aborted.keep()
      return ok()
    })
    return { port: port ?? 0, came: came.promise, aborted: aborted.promise }
  }

  test('aborts when the connection is reset', async () => {
    const { port, came, aborted } = await watched()
    const socket = await dial(port)
    socket.write(get('/v2/'))
    await came
    socket.resetAndDestroy()
    await aborted
  })

  test('aborts when the client goes away in the middle of its body', async () => {
    const { port, came, aborted } = await watched()
    const socket = await dial(port)
    socket.write('PATCH /v2/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc')
    await came
    socket.destroy()
    await aborted
  })
})
