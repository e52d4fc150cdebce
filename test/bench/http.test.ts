import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type Answer, Connection, headerOf, ResponseReader } from '../../bench/http.mjs'

interface Seen {
  readonly answers: Answer[]
  readonly bodies: string[]
}

/** Reads `text` in reads of `step` bytes, all into one buffer, as the socket does. */
function readInSteps(text: string, step: number, bodyless = false): Seen {
  const seen: Seen = { answers: [], bodies: [] }
  let body = ''
  const reader = new ResponseReader((answer) => {
    seen.answers.push(answer)
    seen.bodies.push(body)
    body = ''
    expectNext()
  })
  const expectNext = (): void =>
    reader.expect({ bodyless, onBody: (bytes) => (body += bytes.toString('latin1')) })
  expectNext()
  const all = Buffer.from(text, 'latin1')
  const buffer = Buffer.alloc(step)
  for (let at = 0; at < all.length; at += step) {
    const count = all.copy(buffer, 0, at, at + step)
    reader.read(buffer.subarray(0, count))
  }
  return seen
}

const steps = [1, 2, 3, 7, 19, 4096]

test.each(steps)('an answer with a length, and one after it, in reads of %i bytes', (step) => {
  const { answers, bodies } = readInSteps(
    'HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nX: y\r\n\r\nhello' +
      'HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /there\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\n',
    step,
  )
  expect(answers.map(({ status, bytes }) => [status, bytes])).toEqual([
    [200, 5],
    [201, 0],
    [200, 2],
  ])
  expect(bodies).toEqual(['hello', '', '\r\n'])
  expect(headerOf(answers[1]?.head ?? '', 'location')).toBe('/there')
})

test.each(steps)('an answer in chunks, with an extension and a trailer, in reads of %i', (step) => {
  const { answers, bodies } = readInSteps(
    'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n' +
      'A;ext=1\r\n0123456789\r\n3\r\n\r\n\n\r\n0\r\nTrailer: 1\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\n\r\n',
    step,
  )
  expect(answers.map(({ status, bytes }) => [status, bytes])).toEqual([
    [404, 13],
    [204, 0],
  ])
  expect(bodies[0]).toBe('0123456789\r\n\n')
})

test('an answer to HEAD ends at its head, whatever its Content-Length', () => {
  const { answers } = readInSteps(
    'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'.repeat(2),
    4096,
    true,
  )
  expect(answers.map(({ bytes }) => bytes)).toEqual([0, 0])
})

test('an interim answer is skipped', () => {
  const { answers } = readInSteps(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
    5,
  )
  expect(answers.map(({ status }) => status)).toEqual([202])
})

test.each([
  ['no end is given', 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n'],
  ['it is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a chunk has no size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['the head never ends', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`],
])('an answer that cannot be framed is an error: %s', (_, text) => {
  expect(() => readInSteps(text, 4096)).toThrow()
})

test('headers are found in any case, and only by whole names', () => {
  const head = 'HTTP/1.1 200 OK\r\nX-Location: no\r\nLOCATION:  /a b \r\n'
  expect(headerOf(head, 'location')).toBe('/a b')
  expect(headerOf(head, 'cation')).toBe(null)
})

let server: Server | undefined

afterEach(() => server?.close())

/** A server that answers the first bytes of each connection with `text` and closes it. */
async function answering(text: string): Promise<number> {
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(text))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const request = Buffer.from('GET / HTTP/1.1\r\nHost: test\r\n\r\n')

test('a connection that breaks in mid-answer fails the exchange, and the next exchange connects again', async () => {
  const connection = new Connection(
    await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  )
  await expect(connection.exchange(request)).rejects.toThrow('closed the connection')
  await expect(connection.exchange(request)).rejects.toThrow('closed the connection')
  connection.close()
})

test('an answer before the end of the body ends the sending', async () => {
  const connection = new Connection(
    await answering('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'),
  )
  function* endless(): Iterable<Buffer> {
    for (;;) yield Buffer.alloc(1024 * 1024)
  }
  const outcome = await connection.exchange(request, { pieces: endless() }).then(
    ({ status }) => status,
    // The kernel may report the reset before the answer is read; either way the sending has ended.
    () => 413,
  )
  expect(outcome).toBe(413)
  connection.close()
})
