import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { fetchTransport, type OutgoingRequest } from '../../src/webhooks/index.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

async function receiver(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  open.push(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const send = (
  url: string,
  more: Partial<OutgoingRequest> = {},
  signal: AbortSignal = AbortSignal.timeout(60_000),
): ReturnType<typeof fetchTransport> =>
  fetchTransport(
    { url, headers: {}, body: '{}', timeoutMs: 60_000, allowPrivate: true, ca: null, ...more },
    signal,
  )

describe('the transport by fetch', () => {
  test('sends a POST, and says what came of it', async () => {
    const url = await receiver((request, response) => {
      response.writeHead(request.method === 'POST' ? 429 : 500, { 'retry-after': '3' }).end('later')
    })
    expect(await send(url)).toEqual({ status: 429, retryAfterMs: 3000 })
  })

  test('follows no redirect', async () => {
    let asked = 0
    const other = await receiver((_, response) => {
      asked += 1
      response.end()
    })
    const url = await receiver((_, response) => response.writeHead(307, { location: other }).end())
    expect(await send(url)).toEqual({ status: 307, retryAfterMs: null })
    expect(asked).toBe(0)
  })

  test('reads no more than a little of an answer', async () => {
    let hear = (): void => {}
    const closed = new Promise<void>((done) => {
      hear = done
    })
    const url = await receiver((_, response) => {
      const piece = Buffer.alloc(64 * 1024)
      const write = (): void => {
        if (!response.destroyed) response.write(piece, write)
      }
      response.on('close', () => hear())
      write()
    })
    expect(await send(url)).toMatchObject({ status: 200 })
    await closed
  })

  test.each(['127.0.0.1', '2130706433', '[::1]', 'localhost', 'a.localhost', '169.254.169.254'])(
    'refuses http://%s',
    async (host) => {
      await expect(send(`http://${host}:1/`, { allowPrivate: false })).rejects.toThrow(/address/)
    },
  )

  test('takes no certificates, and says so', async () => {
    await expect(send('https://a.example', { ca: 'PEM' })).rejects.toThrow('takes no certificates')
  })
})
