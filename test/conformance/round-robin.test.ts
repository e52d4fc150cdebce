import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startRoundRobin } from '../../conformance/round-robin.mjs'
import { startBalancer } from '../cluster/balancer.ts'

/** Answers each request once its head is there, reads on for a while, and closes the connection with most unread. */
async function earlyNode(): Promise<{ readonly port: number; close(): void }> {
  const node = createServer({ allowHalfOpen: true }, (socket) => {
    let read = 0
    socket.on('error', () => {})
    socket.on('data', ({ byteLength }) => {
      if (read === 0) socket.end('HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n')
      read += byteLength
      if (read > 8 * 1024 * 1024) socket.destroy()
    })
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  return { port: (node.address() as AddressInfo).port, close: () => node.close() }
}

/** The status that a client gets which sends its whole body before it looks. */
function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method: 'PATCH' })
    asking.on('error', reject)
    asking.on('response', (answer) => {
      answer.resume()
      asking.on('finish', () => resolve(answer.statusCode))
      if (asking.writableFinished) resolve(answer.statusCode)
    })
    asking.end(new Uint8Array(32 * 1024 * 1024))
  })
}

test('a balancer hears a client out whose node has answered early', async () => {
  const { port, close } = await earlyNode()
  const roundRobin = await startRoundRobin([`127.0.0.1:${port}`])
  const balancer = await startBalancer(() => [{ host: '127.0.0.1', port }])
  for (let round = 0; round < 5; round += 1) {
    expect(await statusOf(Number(roundRobin.host.split(':')[1]))).toBe(416)
    expect(await statusOf(balancer.port)).toBe(416)
  }
  await roundRobin.stop()
  await balancer.close()
  close()
})
