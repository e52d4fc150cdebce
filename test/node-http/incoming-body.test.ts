import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { incomingBody, mayHaveBody } from '../../adapters/node-http/incoming-body.ts'
import { BodyInterrupted } from '../../src/kit.ts'
import { dial, listening, promised } from '../node-fs/loopback.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Handle = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>

/** Serves one request with `handle`; what it returned or threw, and the port to send to. */
async function handling(handle: Handle): Promise<{ port: number; outcome: Promise<unknown> }> {
  const { promise, keep } = promised<unknown>()
  const { server, port } = await listening((incoming, outgoing) => {
    keep(handle(incoming, outgoing).catch((error: unknown) => error))
  })
  servers.push(server)
  return { port, outcome: promise }
}

const head = (length: number): string =>
  `PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`

describe('the body of a request', () => {
  test('hands over every byte in order', async () => {
    const sent = Buffer.alloc(3_000_000)
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at)
    const { port, outcome } = await handling(async (incoming) => {
      const chunks: Uint8Array[] = []
      await incomingBody(incoming).pipe((chunk) => {
        chunks.push(chunk)
      })
      return Buffer.concat(chunks)
    })
    const socket = await dial(port)
    socket.write(head(sent.length))
    socket.write(sent)
    expect(sent.equals((await outcome) as Buffer)).toBe(true)
    socket.destroy()
  })

  test('waits for a sink that asks it to, and brings nothing meanwhile', async () => {
    let busy = 0
    let most = 0
    let bytes = 0
    const { port, outcome } = await handling(async (incoming) => {
      await incomingBody(incoming).pipe(async (chunk) => {
        most = Math.max(most, ++busy)
        await new Promise((resolve) => setImmediate(resolve))
        bytes += chunk.byteLength
        busy--
      })
      return bytes
    })
    const socket = await dial(port)
    socket.write(head(2_000_000))
    socket.write(Buffer.alloc(2_000_000))
    expect(await outcome).toBe(2_000_000)
    expect(most).toBe(1)
    socket.destroy()
  })

  test('a sender that goes away interrupts it, after the sink has done its work', async () => {
    const { promise: arrived, keep: arrive } = promised()
    const { promise: gone, keep: leave } = promised()
    let finished = false
    const { port, outcome } = await handling(async (incoming) => {
      incoming.on('close', () => leave())
      await incomingBody(incoming).pipe(async () => {
        arrive()
        await gone
        await new Promise((resolve) => setImmediate(resolve))
        finished = true
      })
    })
    const socket = await dial(port)
    socket.write(`${head(1_000_000)}some`)
    await arrived
    socket.destroy()
    expect(await outcome).toBeInstanceOf(BodyInterrupted)
    expect(finished).toBe(true)
  })

  test('a sender that went away before anybody read interrupts it too', async () => {
    const { port, outcome } = await handling(async (incoming) => {
      incoming.on('error', () => {})
      await new Promise((resolve) => incoming.once('close', resolve))
      await incomingBody(incoming).pipe(() => {})
    })
    const socket = await dial(port)
    socket.write(`${head(1_000_000)}some`)
    socket.destroy()
    expect(await outcome).toBeInstanceOf(BodyInterrupted)
  })

  test('abort calls it off, before and during', async () => {
    const { port, outcome } = await handling(async (incoming) => {
      const source = incomingBody(incoming)
      const piping = source.pipe(() => source.abort()).catch((error: unknown) => error)
      const first = await piping
      const second = await source.pipe(() => {}).catch((error: unknown) => error)
      return [first, second]
    })
    const socket = await dial(port)
    socket.write(`${head(1_000_000)}some`)
    expect(await outcome).toEqual([expect.any(BodyInterrupted), expect.any(BodyInterrupted)])
    socket.destroy()
  })

  test.each(['throws', 'rejects'])(
    'what the sink %s comes out, and no further chunk goes in',
    async (how) => {
      let calls = 0
      const { port, outcome } = await handling((incoming) =>
        incomingBody(incoming).pipe(() => {
          calls++
          const error = new Error('full')
          if (how === 'throws') throw error
          return Promise.reject(error)
        }),
      )
      const socket = await dial(port)
      socket.write(head(400_000))
      socket.write(Buffer.alloc(400_000))
      expect(await outcome).toEqual(new Error('full'))
      expect(calls).toBe(1)
      socket.destroy()
    },
  )

  test('a body that a parser has read is refused rather than taken for empty', async () => {
    const { port, outcome } = await handling(async (incoming) => {
      for await (const _ of incoming);
      await incomingBody(incoming).pipe(() => {})
    })
    const socket = await dial(port)
    socket.write(`${head(4)}body`)
    expect(await outcome).toMatchObject({ name: 'RegistryError', kind: 'bodyConsumed' })
    socket.destroy()
  })

  test.each([
    ['Content-Length: 0\r\n', false],
    ['', false],
    ['Content-Length: 1\r\n', true],
    ['Transfer-Encoding: chunked\r\n', true],
  ])('with %j a body may come: %s', async (header, expected) => {
    const { port, outcome } = await handling(async (incoming) => mayHaveBody(incoming))
    const socket = await dial(port)
    socket.write(`PUT /x HTTP/1.1\r\nHost: h\r\n${header}\r\n`)
    expect(await outcome).toBe(expected)
    socket.destroy()
  })
})
