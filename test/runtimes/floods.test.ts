import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { clientOf } from '../promises/client.ts'
import { head } from '../promises/raw-socket.ts'
import { sampleOf } from '../sample.ts'
import { type Probe, type ProbeProcess, startProbe, startProbeAlone } from './start-probe.ts'

const get = (path: string): string => head(`GET ${path} HTTP/1.1`)
const isOk = /^HTTP\/1\.1 200 /

/** The first answer to a request on a connection of its own; empty where there is none. */
async function asked(port: number, path: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  socket.setTimeout(10_000, () => socket.destroy())
  socket.write(get(path))
  const answer = await readUntil(socket, '\r\n\r\n')
  socket.destroy()
  return answer
}

// Bun says nothing of its connections: there, requests are counted.
describe.each(sampleOf('suites on other runtimes', ['deno', 'node'] as const, 2))(
  'more connections than there may be on %s',
  (runtime) => {
    let probe: Probe
    beforeAll(async () => {
      probe = await startProbe(runtime, { maxConnections: 3 })
    })
    afterAll(() => probe?.stop())

    it('end the one that has waited longest for a request', async () => {
      const [first, second, third] = await dialled(probe.port, 3)
      first?.write(get('/v2/'))
      expect(await readUntil(first as Socket, '\r\n\r\n')).toMatch(isOk)
      const ended = readAll(second as Socket)
      const fourth = await dial(probe.port)
      fourth.write(get('/v2/'))
      expect(await readUntil(fourth, '\r\n\r\n')).toMatch(isOk)
      expect(await ended).toBe('')
      for (const socket of [first, third]) {
        socket?.write(get('/v2/'))
        expect(await readUntil(socket as Socket, '\r\n\r\n')).toMatch(isOk)
      }
      for (const socket of [first, third, fourth]) socket?.destroy()
    })

    it('are refused while all others are at work, and taken afterwards', async () => {
      const sockets = await pushing(probe.port, 3)
      const refused = await dial(probe.port)
      expect(await readAll(refused)).toMatch(/^HTTP\/1\.1 503 [\s\S]*UNAVAILABLE/)
      sockets[0]?.write('half')
      expect(await readUntil(sockets[0] as Socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
      expect(await asked(probe.port, '/v2/')).toMatch(isOk)
      for (const socket of sockets) socket.destroy()
    })

    it('end one of the address that has the most, for a client of another', async () => {
      // Of its own: the connections of another test may not have ended yet.
      const { port, stop } = await startProbe(runtime, { maxConnections: 3 })
      const sockets = await pushing(port, 3)
      const other = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' })
      other.write(get('/v2/'))
      expect(await readUntil(other, '\r\n\r\n')).toMatch(isOk)
      for (const socket of [other, ...sockets]) socket.destroy()
      await stop()
    })
  },
)

describe('more requests than there may be on bun', () => {
  const options = { maxConnections: 3 }
  const isRefused = /^HTTP\/1\.1 503 (?=[\s\S]*retry-after: 5)(?=[\s\S]*connection: close)/i

  it('are refused while all others are at work, and taken afterwards', async () => {
    const { port, stop } = await startProbe('bun', options)
    const client = clientOf(`http://127.0.0.1:${port}`)
    const blobs = await Promise.all(
      [300_000, 3].map((size) => client.pushBlob('app', new Uint8Array(size))),
    )
    const [large = '', small = ''] = blobs.map(({ digest }) => `/v2/app/blobs/${digest}`)
    const sockets = await pushing(port, 3)
    expect(await asked(port, large)).toMatch(isRefused)
    for (const path of ['/v2/', small]) expect(await asked(port, path)).toMatch(isOk)
    const upload = await dial(port)
    upload.write(head('PUT /v2/a/manifests/b HTTP/1.1', 'Content-Length: 1000000'))
    expect(await readAll(upload)).toMatch(isRefused)
    sockets[0]?.write('half')
    expect(await readUntil(sockets[0] as Socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await asked(port, large)).toMatch(isOk)
    for (const socket of sockets) socket.destroy()
    await stop()
  })

  it('end a push of the address that has the most, for a client of another', async () => {
    const { port, stop } = await startProbe('bun', options)
    const { digest } = await clientOf(`http://127.0.0.1:${port}`).pushBlob(
      'app',
      new Uint8Array(300_000),
    )
    const sockets = await pushing(port, 3)
    const ended = readUntil(sockets[0] as Socket, '\r\n\r\n')
    const other = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' })
    other.write(get(`/v2/app/blobs/${digest}`))
    expect(await readUntil(other, '\r\n\r\n')).toMatch(isOk)
    expect(await ended).toMatch(/^HTTP\/1\.1 400 /)
    for (const socket of [other, ...sockets]) socket.destroy()
    await stop()
  })

  it('are bounded by the descriptors there are', async () => {
    const probe = await startProbeAlone('bun', {}, 96)
    const { digest } = await clientOf(`http://127.0.0.1:${probe.port}`).pushBlob(
      'app',
      new Uint8Array(300_000),
    )
    const sockets = await pushing(probe.port, 16)
    expect(await asked(probe.port, `/v2/app/blobs/${digest}`)).toMatch(isRefused)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => asked(probe.port, `/v2/app/blobs/${digest}`)).toMatch(isOk)
    await probe.stop()
  })
})

it('bodies that come at once to bun are bounded, since it reads ahead of each', async () => {
  const { port, stop } = await startProbe('bun')
  const sockets = await pushing(port, 512)
  const [upload] = await dialled(port, 1)
  upload?.write(head('PUT /v2/a/manifests/b HTTP/1.1', 'Content-Length: 1000000'))
  expect(await readAll(upload as Socket)).toMatch(/^HTTP\/1\.1 503 /)
  sockets[0]?.destroy()
  await expect
    .poll(async () => {
      const client = clientOf(`http://127.0.0.1:${port}`)
      return (await client.send('POST', '/v2/app/blobs/uploads/', { body: 'x' })).status
    })
    .not.toBe(503)
  for (const socket of sockets) socket.destroy()
  await stop()
})

describe.runIf(process.platform === 'linux')('connections that take all descriptors of bun', () => {
  it('leave the store those that it needs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-spare-'))
    const probe = await startProbeAlone('bun', { directory: join(folder, 'store') }, 64)
    const index = '{"schemaVersion":2,"manifests":[]}'
    const push = await dial(probe.port)
    push.write(
      head(
        'PUT /v2/app/manifests/latest HTTP/1.1',
        'Content-Type: application/vnd.oci.image.index.v1+json',
        `Content-Length: ${index.length}`,
        'Expect: 100-continue',
      ),
    )
    await readUntil(push, '100 Continue\r\n\r\n')
    const flood = Array.from({ length: 100 }, () =>
      connect({ port: probe.port, host: '127.0.0.1' }).on('error', () => {}),
    )
    await expect.poll(() => usedBy(probe).files).toBeGreaterThanOrEqual(64)
    push.write(index)
    expect(await readUntil(push, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /)
    for (const socket of [push, ...flood]) socket.destroy()
    await expect.poll(() => asked(probe.port, '/v2/app/tags/list')).toMatch(isOk)
    await probe.stop()
    rmSync(folder, { recursive: true })
  })

  it('make room when they only wait for their next request', async () => {
    const probe = await startProbeAlone('bun', {}, 64)
    const sockets: Socket[] = []
    for (let made = 0; made < 70; made++) {
      const socket = await dial(probe.port)
      socket.setTimeout(10_000, () => socket.destroy())
      socket.write(get('/v2/'))
      expect(await readUntil(socket, '\r\n\r\n')).toMatch(isOk)
      sockets.push(socket.setTimeout(0))
    }
    for (const socket of sockets) socket.destroy()
    await probe.stop()
  })
})

describeOnRuntimes('a process of few descriptors on %s', (runtime) => {
  it('outlives a flood of connections, and answers after it', async () => {
    const probe = await startProbeAlone(runtime, { timeouts: { stallMs: 8_000 } }, 64)
    const flood = Array.from({ length: 200 }, () =>
      connect({ port: probe.port, host: '127.0.0.1' }).on('error', () => {}),
    )
    await Promise.all(flood.map((socket) => outcomeOf(socket)))
    for (const socket of flood) socket.destroy()
    await expect.poll(() => asked(probe.port, '/v2/')).toMatch(isOk)
    await probe.stop()
  })
})

describeOnRuntimes('requests that are sent ahead to %s', (runtime) => {
  it('are answered in order, one at a time', async () => {
    const probe = await startProbe(runtime)
    const socket = await dial(probe.port)
    const answers = readAll(socket)
    socket.write(`${get('/later').repeat(20)}${head('GET /v2/ HTTP/1.1', 'Connection: close')}`)
    // Bun ends a connection on which a request comes before the one before it was answered.
    if (runtime === 'bun') await answers
    else expect((await answers).match(/later|\{\}/g)).toEqual([...Array(20).fill('later'), '{}'])
    const most = await (await fetch(`http://127.0.0.1:${probe.port}/most`)).text()
    expect(Number(most)).toBeLessThanOrEqual(1)
    await probe.stop()
  })

  describe.runIf(process.platform === 'linux')('for blobs on disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-floods-'))
    let probe: ProbeProcess
    beforeAll(async () => {
      probe = await startProbeAlone(runtime, { directory: join(folder, 'store') })
    })
    afterAll(async () => {
      await probe?.stop()
      rmSync(folder, { recursive: true })
    })

    it('take no more files and memory than a few', async () => {
      const client = clientOf(`http://127.0.0.1:${probe.port}`)
      const { digest } = await client.pushBlob('app', new Uint8Array(300_000))
      const before = usedBy(probe)
      const text = get(`/v2/app/blobs/${digest}`).repeat(250)
      const sockets = await dialled(probe.port, 12)
      for (const socket of sockets) socket.pause().write(text)
      // Until the server waits for its clients, or has ended them.
      let most = usedBy(probe)
      for (let seen = 0, same = 0; same < 20; ) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        const { files, mib, cpu } = usedBy(probe)
        most = { files: Math.max(most.files, files), mib: Math.max(most.mib, mib), cpu }
        same = cpu === seen ? same + 1 : 0
        seen = cpu
      }
      for (const socket of sockets) socket.destroy()
      expect(most.files - before.files).toBeLessThanOrEqual(12 * 3)
      expect(most.mib - before.mib).toBeLessThan(150)
      expect((await client.send('GET', '/v2/')).status).toBe(200)
    })
  })
})

/** What a process holds now, and the time it has worked. */
function usedBy({ pid }: ProbeProcess): { files: number; mib: number; cpu: number } {
  const [, resident] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return {
    files: readdirSync(`/proc/${pid}/fd`).length,
    mib: Number(resident) / 1024,
    cpu: Number(stat[11]) + Number(stat[12]),
  }
}

/** Clients in the middle of a push. */
async function pushing(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = await dialled(port, count)
  for (const socket of sockets) {
    socket.write(
      head('PUT /v2/a/manifests/b HTTP/1.1', 'Content-Length: 4', 'Expect: 100-continue'),
    )
    await readUntil(socket, '100 Continue\r\n\r\n')
  }
  return sockets
}

async function dialled(port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  for (let made = 0; made < count; made++) sockets.push(await dial(port))
  return sockets
}

/** Resolves once a connection is made, or is not going to be. */
function outcomeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve()).once('close', () => resolve())
  })
}
