import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { clientOf, digestOf } from '../promises/client.ts'
import { exchange, head } from '../promises/raw-socket.ts'
import { type Probe, startProbe } from './start-probe.ts'

const post = (body: string): string => `POST /v2/app/blobs/uploads/?digest=${digestOf(body)}`

describeOnRuntimes('what may come over a connection to %s', (runtime) => {
  let probe: Probe
  beforeAll(async () => {
    probe = await startProbe(runtime, { timeouts: { keepAliveMs: 50 } })
  })
  afterAll(() => probe?.stop())

  describe('HTTP/1.0 without a Host', () => {
    it.each(['/v2/', '/peer'])('is answered at %s', async (path) => {
      const answer = await answerTo(probe.port, `GET ${path} HTTP/1.0\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.[01] 200 /)
    })

    it('may push', async () => {
      const text = `${post('old')} HTTP/1.0\r\nContent-Length: 3\r\n\r\nold`
      expect(await answerTo(probe.port, text)).toMatch(/^HTTP\/1\.[01] 201 /)
    })

    it('is not HTTP/1.1 without one', async () => {
      for (const host of ['', 'Host:\r\n', 'Host: \r\n']) {
        const text = `GET /v2/ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`
        expect(await answerTo(probe.port, text)).toMatch(/^HTTP\/1\.1 400 /)
      }
    })
  })

  describe('a client that sends its request and then closes its side', () => {
    it('has its answer', async () => {
      const text = head('GET /v2/ HTTP/1.1')
      expect(await answerToHalfClosed(probe.port, text)).toMatch(/^HTTP\/1\.1 200 /)
    })

    // Bun closes a connection whose client closes its side, unless the answer is there at once.
    it.skipIf(runtime === 'bun')('has it when it takes a while', async () => {
      const later = head('GET /later HTTP/1.1')
      expect(await answerToHalfClosed(probe.port, later)).toMatch(/\r\n\r\nlater$/)
      const bytes = 'half-closed'
      const push = `${head(`${post(bytes)} HTTP/1.1`, `Content-Length: ${bytes.length}`)}${bytes}`
      expect(await answerToHalfClosed(probe.port, push)).toMatch(/^HTTP\/1\.1 201 /)
      const pull = head(`GET /v2/app/blobs/${digestOf(bytes)} HTTP/1.1`)
      expect(await answerToHalfClosed(probe.port, pull)).toMatch(/\r\n\r\nhalf-closed$/)
    })

    it('has none to half of a request', async () => {
      const half = `${head(`${post('whole')} HTTP/1.1`, 'Content-Length: 5')}who`
      const answer = await answerToHalfClosed(probe.port, half)
      expect(answer.startsWith('HTTP/1.1 2')).toBe(false)
    })
  })

  it('a client that waits for 100 Continue is told to go on, or goes on by itself', async () => {
    for (const expectation of ['100-continue', '100-Continue']) {
      const socket = await dial(probe.port)
      const lines = ['Content-Length: 5', `Expect: ${expectation}`]
      socket.write(head(`${post('asked')} HTTP/1.1`, ...lines))
      // Bun knows lower case alone; the HTTP client of Java writes it in the other way.
      if (runtime !== 'bun' || expectation === '100-continue') {
        expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 100 /)
      }
      socket.write('asked')
      expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /)
      socket.destroy()
    }
  })

  it('a program reads bodies by itself, and the next request of the connection is served', async () => {
    for (const length of [1, 100_000, 3_000_000]) {
      const asked = head('POST /read HTTP/1.1', `Content-Length: ${length}`)
      const next = head('GET /v2/ HTTP/1.1', 'Connection: close')
      const { answers } = await exchange(probe.port, asked, 'x'.repeat(length), next)
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
    }
    const chunks = '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
    const lines = ['Transfer-Encoding: chunked', 'Connection: close']
    const text = `${head('POST /read HTTP/1.1', ...lines)}${chunks}`
    expect(await answerTo(probe.port, text)).toMatch(/\r\n\r\n5$/)
  })

  it('a program reads a part of a body', async () => {
    const asked = head('POST /begin HTTP/1.1', 'Content-Length: 3000000')
    const { answers } = await exchange(probe.port, asked, 'x'.repeat(3_000_000))
    expect(answers.map(({ status }) => status)).toEqual([200])
  })

  it.each([
    'gzip, chunked',
    'gzip\r\nTransfer-Encoding: chunked',
    'identity, chunked',
    'chunked, chunked',
  ])('Transfer-Encoding: %s is refused, and nothing is kept', async (coding) => {
    const body = '5\r\nhello\r\n0\r\n\r\n'
    const lines = [`Transfer-Encoding: ${coding}`, 'Connection: close']
    const { answers } = await exchange(
      probe.port,
      head(`${post('hello')} HTTP/1.1`, ...lines),
      body,
    )
    expect(answers.map(({ status }) => [400, 501].includes(status))).toEqual([true])
    const client = clientOf(`http://127.0.0.1:${probe.port}`)
    expect((await client.send('HEAD', `/v2/app/blobs/${digestOf('hello')}`)).status).toBe(404)
  })

  describe('the head of a request', () => {
    const withToken = (kib: number): string => {
      const token = `Authorization: Bearer ${'t'.repeat(kib * 1024)}`
      return head('GET /v2/ HTTP/1.1', token, 'Connection: close')
    }

    it.each([17, 60])('may have a token of %i KiB', async (kib) => {
      expect(await answerTo(probe.port, withToken(kib))).toMatch(/^HTTP\/1\.1 200 /)
    })

    it('may not be larger than the limit', async () => {
      expect(await answerTo(probe.port, withToken(65))).toMatch(/^HTTP\/1\.1 431 /)
    })

    it('may have another limit', async () => {
      const other = await startProbe(runtime, { maxHeaderBytes: 100 * 1024 })
      expect(await answerTo(other.port, withToken(90))).toMatch(/^HTTP\/1\.1 200 /)
      expect(await answerTo(other.port, withToken(110))).toMatch(/^HTTP\/1\.1 431 /)
      await other.stop()
    })
  })
})

async function answerTo(port: number, text: string): Promise<string> {
  const socket = await dial(port)
  socket.write(text)
  return readAll(socket)
}

/** What comes to a client that says that it will send no more. */
async function answerToHalfClosed(port: number, text: string): Promise<string> {
  const socket = await dial(port)
  socket.end(text)
  return readAll(socket)
}
