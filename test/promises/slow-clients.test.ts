import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { defaultTimeouts } from '../../adapters/node-fs/index.ts'
import { clientOf } from './client.ts'
import { exchange, head } from './raw-socket.ts'
import { served } from './served.ts'

/** By default, runtimes keep a stalled client for minutes and cut a long valid push. */

describe('slow clients', () => {
  it('the server has every timeout except one for a whole push', async () => {
    const { serving } = await served({}, { timeouts: {} })
    const { server } = serving
    expect(defaultTimeouts).toEqual({ headersMs: 10_000, stallMs: 60_000, keepAliveMs: 75_000 })
    expect(server.headersTimeout).toBe(10_000)
    expect(server.timeout).toBe(60_000)
    expect(server.keepAliveTimeout).toBe(75_000)
    expect(server.requestTimeout).toBe(0)
  })

  it('stalled clients are cut while a good one is served; the bytes they sent are kept', async () => {
    const { port, registry } = await served({}, { timeouts: { headersMs: 2000, stallMs: 2000 } })
    const client = clientOf(registry)
    const opened = await client.send('POST', '/v2/app/blobs/uploads/')
    const session = opened.headers.get('location') ?? ''
    const stalled = [
      'GET /v2/ HTTP/1.1\r\nHost: h\r\nX: ',
      `${head(`PATCH ${session} HTTP/1.1`, 'Content-Length: 1000')}12345`,
      `${head('PUT /v2/app/manifests/x HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nhel`,
      '',
    ]
    const cut = stalled.map((text) => exchange(port, text))
    const good = clientOf(`http://127.0.0.1:${port}`)
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await good.send('GET', '/v2/')).status).toBe(200)
    }
    const answers = (await Promise.all(cut)).flatMap((ended) => ended.answers)
    expect(answers.filter(({ status }) => status < 400)).toEqual([])
    // Waits until the request that was cut releases the session, and continues where its bytes end.
    expect((await client.send('PATCH', session, { body: '6' })).headers.get('range')).toBe('0-5')
  })

  it('a hundred clients that never finish their head do not delay a good one', async () => {
    const { port } = await served({}, { timeouts: { headersMs: 2000, stallMs: 2000 } })
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /v2/ HTTP/1.1\r\nX-'))
      return new Promise<void>((resolve) => {
        socket.on('error', () => {})
        socket.resume().on('close', () => resolve())
      })
    })
    const { answers } = await exchange(port, head('GET /v2/ HTTP/1.1', 'Connection: close'))
    expect(answers.map(({ status }) => status)).toEqual([200])
    await Promise.all(sockets)
  })
})
