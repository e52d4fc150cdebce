import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { request, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BlobFile, type BufferStock, pump, type Sent } from '../../adapters/node-http/pump.ts'
import { dial, listening, promised, readUntil } from '../node-fs/loopback.ts'

const mib = 1024 * 1024
let folder = ''
let path = ''
const content = Buffer.alloc(5 * mib + 123)
for (let at = 0; at + 4 < content.length; at += 4) content.writeUInt32LE(at, at)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerdock-pump-'))
  path = join(folder, 'blob')
  await writeFile(path, content)
})
afterAll(() => rm(folder, { recursive: true }))

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A stock that notices a buffer given back twice, or written into while it was not lent. */
function stock(most: number): BufferStock & { lent: number; most: number } {
  const idle: Uint8Array[] = []
  return {
    lent: 0,
    most: 0,
    take() {
      if (this.lent === most) return null
      this.lent++
      this.most = Math.max(this.most, this.lent)
      return idle.pop() ?? new Uint8Array(mib)
    },
    give(buffer) {
      this.lent--
      // Whoever still sends from it now sends the wrong bytes.
      buffer.fill(0xee)
      idle.push(buffer)
    },
  }
}

/** Serves `span` of the blob; what `pump` said of the first transfer. */
async function serving(
  span: { start: number; end: number },
  buffers: BufferStock,
  wrap: (file: BlobFile) => BlobFile = (file) => file,
): Promise<{ port: number; outcome: Promise<Sent | Error> }> {
  const { promise, keep } = promised<Sent | Error>()
  const { server, port } = await listening(async (_, outgoing) => {
    const handle = await open(path)
    const file: BlobFile = {
      read: async (...args) => (await handle.read(...args)).bytesRead,
    }
    const headers = { 'Content-Length': String(span.end - span.start) }
    const sent = await pump(wrap(file), span, { status: 200, headers }, outgoing, buffers).catch(
      (error: Error) => error,
    )
    if (!outgoing.headersSent) outgoing.writeHead(500).end()
    await handle.close()
    keep(sent)
  })
  servers.push(server)
  return { port, outcome: promise }
}

/** The body of a GET, or the error it ended with. */
function get(port: number): Promise<{ status: number; body: Buffer; error: Error | null }> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', agent: false }, (response) => {
      const chunks: Buffer[] = []
      const end = (error: Error | null): void =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), error })
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => end(null))
      response.on('error', end)
    })
      .on('error', reject)
      .end()
  })
}

describe('pump', () => {
  test.each([
    ['nothing', 0, 0],
    ['a small blob', 0, 1000],
    ['the largest small blob', 0, 65_536],
    ['one byte more', 0, 65_537],
    ['one buffer', 0, mib],
    ['a byte more than two', 0, 2 * mib + 1],
    ['everything', 0, content.length],
    ['a range across buffers', 12_345, 4 * mib + 1],
  ])('sends %s as it stands in the file', async (_, start, end) => {
    const buffers = stock(2)
    const { port, outcome } = await serving({ start, end }, buffers)
    const { body, error } = await get(port)
    expect(error).toBeNull()
    expect(body.equals(content.subarray(start, end))).toBe(true)
    expect(await outcome).toBe('complete')
    expect(buffers.lent).toBe(0)
  })

  test('lends one buffer where one is enough, and none for a small blob', async () => {
    const buffers = stock(2)
    await get((await serving({ start: 0, end: 100 }, buffers)).port)
    expect(buffers.most).toBe(0)
    await get((await serving({ start: 0, end: mib }, buffers)).port)
    expect(buffers.most).toBe(1)
  })

  test('goes on with small buffers when the stock is out', async () => {
    const buffers = stock(1)
    let largest = 0
    let smallest = mib
    const { port } = await serving({ start: 0, end: content.length }, buffers, (file) => ({
      read(buffer, ...rest) {
        largest = Math.max(largest, buffer.byteLength)
        smallest = Math.min(smallest, buffer.byteLength)
        return file.read(buffer, ...rest)
      },
    }))
    expect((await get(port)).body.equals(content)).toBe(true)
    expect([largest, smallest]).toEqual([mib, 65_536])
  })

  test('keeps to one small buffer when it got no large one', async () => {
    const used = new Set<Uint8Array>()
    const { port } = await serving({ start: 0, end: content.length }, stock(0), (file) => ({
      read(buffer, ...rest) {
        used.add(buffer)
        return file.read(buffer, ...rest)
      },
    }))
    expect((await get(port)).body.equals(content)).toBe(true)
    expect([...used].map((buffer) => buffer.byteLength)).toEqual([65_536])
  })

  test('files that read in small pieces come out whole', async () => {
    const { port } = await serving({ start: 0, end: 200_000 }, stock(2), (file) => ({
      read: (buffer, offset, length, position) =>
        file.read(buffer, offset, Math.min(length, 7_001), position),
    }))
    expect((await get(port)).body.equals(content.subarray(0, 200_000))).toBe(true)
  })

  test('reads no further than two buffers ahead of what the kernel takes', async () => {
    const size = 64 * mib
    const buffers = stock(2)
    let furthest = 0
    const { promise: begun, keep: begin } = promised<ServerResponse>()
    const { server, port } = await listening(async (_, outgoing) => {
      const file: BlobFile = {
        async read(_buffer, _offset, length, position) {
          furthest = Math.max(furthest, position + length)
          return length
        },
      }
      begin(outgoing)
      await pump(file, { start: 0, end: size }, { status: 200, headers: {} }, outgoing, buffers)
    })
    servers.push(server)
    const socket = await dial(port)
    socket.write('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
    socket.pause()
    const outgoing = await begun
    // Until the kernel takes no more, and then for as many turns as would read all the rest.
    for (let turns = 0; turns < 100; ) {
      await new Promise((resolve) => setImmediate(resolve))
      if ((outgoing.socket?.writableLength ?? 0) > 0) turns++
    }
    expect(outgoing.writableLength).toBeLessThanOrEqual(mib + 65_536)
    expect(furthest).toBeLessThan(size)
    socket.destroy()
  })

  test('a client that goes away ends it, and every buffer comes back', async () => {
    const buffers = stock(2)
    const { port, outcome } = await serving({ start: 0, end: 512 * mib }, buffers, () => ({
      read: async (_buffer, _offset, length) => length,
    }))
    const socket = await dial(port)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await readUntil(socket, '\r\n\r\n')
    socket.destroy()
    expect(await outcome).toBe('disconnected')
    expect(buffers.lent).toBe(0)
  })

  test('so does a client that goes away while an earlier answer on its connection is not out', async () => {
    const buffers = stock(2)
    const { promise, keep } = promised<Sent>()
    const { server, port } = await listening(async (incoming, outgoing) => {
      // The first request is never answered, so the second has no socket to write to.
      if (incoming.url === '/first') return
      const file: BlobFile = { read: async (_buffer, _offset, length) => length }
      keep(
        await pump(
          file,
          { start: 0, end: 8 * mib },
          { status: 200, headers: {} },
          outgoing,
          buffers,
        ),
      )
    })
    servers.push(server)
    const socket = await dial(port)
    const { promise: asked, keep: ask } = promised()
    server.on('request', (incoming) => incoming.url === '/second' && ask())
    socket.write('GET /first HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n')
    await asked
    socket.destroy()
    expect(await promise).toBe('disconnected')
    expect(buffers.lent).toBe(0)
  })

  test('a file that became shorter cuts the connection: no short body looks whole', async () => {
    const buffers = stock(2)
    const { port, outcome } = await serving({ start: 0, end: content.length + 9 }, buffers)
    const { status, error } = await get(port)
    expect(status).toBe(200)
    expect(error).not.toBeNull()
    expect(await outcome).toMatchObject({
      message: expect.stringContaining('the file ends at byte'),
    })
    expect(buffers.lent).toBe(0)
  })

  test.each([
    ['small', 100],
    ['large', 200_000],
  ])(
    'a %s blob whose first read fails writes no head, so an error can be answered',
    async (_, end) => {
      const { port, outcome } = await serving({ start: 0, end }, stock(2), () => ({
        read: () => Promise.reject(new Error('EIO')),
      }))
      expect((await get(port)).status).toBe(500)
      expect(await outcome).toEqual(new Error('EIO'))
    },
  )

  test('a read that fails midway cuts the connection', async () => {
    const buffers = stock(2)
    const { port, outcome } = await serving({ start: 0, end: content.length }, buffers, (file) => ({
      read: (buffer, offset, length, position) =>
        position >= 2 * mib
          ? Promise.reject(new Error('EIO'))
          : file.read(buffer, offset, length, position),
    }))
    expect((await get(port)).error).not.toBeNull()
    expect(await outcome).toEqual(new Error('EIO'))
    expect(buffers.lent).toBe(0)
  })
})
