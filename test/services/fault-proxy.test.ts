import { Agent, createServer, get, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FaultProxy, faultProxy } from './fault-proxy.ts'

let proxy: FaultProxy
let received: string[]
let cleanup: () => Promise<void>

beforeEach(async () => {
  received = []
  const server = createServer(async (incoming, answer) => {
    received.push(`${incoming.url} ${(await text(incoming)).length}`)
    answer.end('answer'.repeat(1000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  proxy = await faultProxy(address !== null && typeof address === 'object' ? address.port : 0)
  cleanup = async () => {
    await proxy.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

afterEach(() => cleanup())

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** How many bytes came, or the code of the error. */
async function ask(path: string, body = '', signal?: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const failed = (error: Error & { code?: string }): void => resolve(error.code ?? error.message)
    const options = { agent, method: 'PUT', path, port: proxy.port, host: '127.0.0.1' }
    const asking = request(
      { ...options, ...(signal === undefined ? {} : { signal }) },
      (answer) => {
        text(answer).then((content) => resolve(content.length), failed)
      },
    )
    asking.on('error', failed)
    asking.end(body)
  })
}

const whole = 6000

test('passes requests of one connection, and counts them', async () => {
  expect([await ask('/1', 'x'.repeat(200_000)), await ask('/2')]).toEqual([whole, whole])
  expect([proxy.requests, proxy.connections]).toEqual([2, 1])
  expect(received).toEqual(['/1 200000', '/2 0'])
})

test('a fault happens to the nth request that matches, and to no other', async () => {
  const fault = proxy.inject({ kind: 'reset' }, { matching: /^PUT \/it/, nth: 2, times: 2 })
  const answers: Array<number | string> = []
  for (const path of ['/it', '/other', '/it', '/it', '/it']) answers.push(await ask(path))
  expect(answers).toEqual([whole, whole, 'ECONNRESET', 'ECONNRESET', whole])
  expect(fault.happened).toBe(2)
  expect(received).toEqual(['/it 0', '/other 0', '/it 0'])
})

test('the server has done what a swallowed answer would have said', async () => {
  proxy.inject({ kind: 'swallow' })
  expect(await ask('/done', 'body')).toBe('ECONNRESET')
  expect(received).toEqual(['/done 4'])
  expect(await ask('/next')).toBe(whole)
})

test('an answer is cut', async () => {
  proxy.inject({ kind: 'cut', after: 1000, of: 'answer' })
  expect(await ask('/cut')).toBe('ECONNRESET')
  expect(received).toEqual(['/cut 0'])
})

test('a request is cut', async () => {
  proxy.inject({ kind: 'cut', after: 1000, of: 'request' })
  expect(await ask('/cut', 'x'.repeat(100_000))).toMatch(/ECONNRESET|EPIPE/)
  expect(received).toEqual([])
})

test('a request that hangs is not answered until its client gives up', async () => {
  const fault = proxy.inject({ kind: 'hang' })
  const giveUp = new AbortController()
  const asking = ask('/hang', '', giveUp.signal)
  await expect.poll(() => fault.happened).toBe(1)
  giveUp.abort()
  expect([await asking, received]).toEqual(['ABORT_ERR', []])
})

test('a request that is delayed arrives', async () => {
  proxy.inject({ kind: 'delay', ms: 5 })
  expect(await ask('/late', 'x'.repeat(100_000))).toBe(whole)
  expect(received).toEqual(['/late 100000'])
})

test('an answer of its own', async () => {
  const answer = 'HTTP/1.1 503 SlowDown\r\nContent-Length: 4\r\nConnection: close\r\n\r\nslow'
  proxy.inject({ kind: 'answer', text: answer })
  const status = await new Promise<string>((resolve) => {
    get({ port: proxy.port, host: '127.0.0.1' }, async (got) => {
      resolve(`${got.statusCode} ${await text(got)}`)
    })
  })
  expect([status, received]).toEqual(['503 slow', []])
})

test('refuses until it accepts again', async () => {
  expect(await ask('/1')).toBe(whole)
  await proxy.refuse()
  agent.destroy()
  expect([await ask('/2'), proxy.connections]).toEqual(['ECONNREFUSED', 0])
  await proxy.accept()
  expect(await ask('/3')).toBe(whole)
})
