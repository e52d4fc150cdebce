import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { S3Request } from '../../adapters/s3/index.ts'
import { nodeTransport } from '../../adapters/s3/node-transport.ts'
import { readWhole } from '../../adapters/s3/transport.ts'
import { afterTest } from '../disk/temporary.ts'

type Handler = (answer: ServerResponse, url: string) => void

async function served(handler: Handler, sockets = 1) {
  const server = createServer((request, answer) => {
    request.resume()
    handler(answer, request.url ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const transport = nodeTransport(sockets)
  if (transport === null) throw new Error('this is not Node')
  afterTest(async () => {
    await transport.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const call = (path: string, more: Partial<S3Request> = {}) =>
    transport.send({
      method: 'GET',
      url: new URL(`http://127.0.0.1:${port}${path}`),
      headers: {},
      body: [],
      idleMs: 60_000,
      ...more,
    })
  return { call, server }
}

test('readers that take their time keep nothing else from a connection', async () => {
  const { call } = await served((answer, url) => {
    if (url === '/slow') answer.write('begun')
    else answer.end('done')
  })
  const slow = await Promise.all([call('/slow'), call('/slow'), call('/slow'), call('/slow')])
  const answer = await call('/other', { method: 'PUT', body: [new Uint8Array(9)] })
  expect(new TextDecoder().decode(await readWhole(answer.body))).toBe('done')
  for (const { body } of slow) body.cancel()
})

test('a request that finds no free connection ends', async () => {
  const { call, server } = await served(() => {})
  const first = call('/?list').catch(() => 'ended')
  await expect(call('/?list', { idleMs: 50 })).rejects.toThrow('no connection was free')
  server.closeAllConnections()
  expect(await first).toBe('ended')
})

test('an answer that does not come, or stops, ends', async () => {
  const { call } = await served((answer, url) => {
    if (url === '/stops') answer.write('begun')
  }, 4)
  await expect(call('/?list', { idleMs: 50 })).rejects.toThrow('no answer')
  const { body } = await call('/stops', { idleMs: 1000 })
  expect(new TextDecoder().decode((await body.read()) ?? undefined)).toBe('begun')
  await expect(body.read()).rejects.toThrow('nothing came')
})

test('a reader that rests holds little', async () => {
  const piece = Buffer.alloc(1024 * 1024)
  let written = 0
  const { call } = await served((answer) => {
    const more = (): void => {
      if (written === 32) return void answer.end()
      written += 1
      answer.write(piece, more)
    }
    more()
  })
  const { body } = await call('/')
  await expect.poll(() => written).toBeGreaterThan(1)
  expect(written).toBeLessThan(32)
  expect((await readWhole(body)).byteLength).toBe(32 * piece.byteLength)
})
