import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startRoundRobin } from '../../conformance/round-robin.mjs'
import { startBalancer } from '../cluster/balancer.ts'

const earlyAnswer =
  'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

/** Answers each request once its head is there, reads on for a while, and closes the connection with most unread. */
async function earlyNode(): Promise<{ readonly port: number; close(): void }> {
  const node = createServer({ allowHalfOpen: true }, (socket) => {
    let read = 0
    socket.on('error', () => {})
    socket.on('data', ({ byteLength }) => {
      if (read === 0) socket.end(earlyAnswer)
      read += byteLength
      if (read > 8 * 1024 * 1024) socket.destroy()
    })
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  return { port: (node.address() as AddressInfo).port, close: () => node.close() }
}

/** The status that a client gets which cannot be answered before it has sent its whole body. */
function statusOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
    })
    socket.write(`PATCH / HTTP/1.1\r\nHost: node\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
    const send = async (left: number): Promise<void> => {
      if (left > 0) return void socket.write(piece, () => send(left - piece.byteLength))
      while (!answer.includes('\r\n\r\n')) await once(socket, 'data')
      socket.destroy()
      resolve(Number(answer.split(' ')[1]))
    }
    send(bodyBytes)
  })
}

const bodyBytes = 16 * 1024 * 1024
const piece = new Uint8Array(32 * 1024)

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
