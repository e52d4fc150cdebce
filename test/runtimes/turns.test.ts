import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, readUntil } from '../node-fs/loopback.ts'
import { someRuntimes } from '../on-runtimes.ts'
import { head } from '../promises/raw-socket.ts'
import { type ProbeProcess, startProbeAlone } from './start-probe.ts'

/** Connections of one flood, from an address of its own. */
const connections = 200

const get = head('GET /busy HTTP/1.1')

const body = /\r\n\r\n([\s\S]*)$/

// Only Linux has more than one address for loopback.
const runtimes = someRuntimes('turns')
describe.runIf(process.platform === 'linux').each(runtimes)('a flood on %s', (runtime) => {
  let probe: ProbeProcess
  beforeAll(async () => {
    probe = await startProbeAlone(runtime)
  })
  afterAll(() => probe?.stop())

  /** How many requests of a flood are answered before the one of another client that comes after them. */
  async function answeredBefore(sent: string): Promise<number> {
    const before = await doneUntilNow()
    const good = await dial(probe.port)
    const flood = await Promise.all(Array.from({ length: connections }, () => dialOther()))
    const answers = flood.map((socket) => readUntil(socket, '\r\n\r\n'))
    for (const socket of flood) socket.write(sent)
    await Promise.race(answers)
    const count = await asked(good, '/done')
    await Promise.all(answers)
    for (const socket of [good, ...flood]) socket.destroy()
    return count - before
  }

  async function doneUntilNow(): Promise<number> {
    const socket = await dial(probe.port)
    const count = await asked(socket, '/done')
    socket.destroy()
    return count
  }

  function dialOther(): Promise<Socket> {
    return new Promise((resolve) => {
      const place = { host: '127.0.0.1', port: probe.port, localAddress: '127.0.0.2' }
      const socket: Socket = connect(place, () => resolve(socket))
    })
  }

  it.each([
    ['a request', get],
    [
      'a request with a body',
      head('POST /busy HTTP/1.1', 'Content-Length: 4096') + 'x'.repeat(4096),
    ],
    ['many requests', get.repeat(32)],
  ])('of %s on each connection keeps another client waiting for few', async (_, sent) => {
    // On a busy machine the other client may come late: the best of several tries counts.
    await expect.poll(() => answeredBefore(sent)).toBeLessThan(connections / 2)
  })
})

async function asked(socket: Socket, path: string): Promise<number> {
  const answer = readUntil(socket, '\r\n\r\n')
  socket.write(head(`GET ${path} HTTP/1.1`))
  const [, text = ''] = body.exec(await answer) ?? []
  return Number(text)
}
