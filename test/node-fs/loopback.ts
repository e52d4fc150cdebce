import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A server on a free port of loopback for one test. */
export async function listening(
  listener: RequestListener,
): Promise<{ server: Server; port: number }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

/** A bare connection: what is written to it goes out as it stands. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return socket
}

/** Everything that comes until the other side hangs up. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await new Promise<void>((resolve) => socket.once('close', resolve).once('end', resolve))
  socket.destroy()
  return Buffer.concat(chunks).toString('latin1')
}

/** What comes until it holds `text`, or until the end. */
export function readUntil(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    let seen = ''
    const done = (): void => {
      socket.off('data', take).off('close', done)
      resolve(seen)
    }
    const take = (chunk: Buffer): void => {
      seen += chunk.toString('latin1')
      if (seen.includes(text)) done()
    }
    socket.on('data', take).on('close', done)
  })
}

/** A promise and the function that keeps it. */
export function promised<T = void>(): { promise: Promise<T>; keep: (value: T) => void } {
  let keep: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    keep = resolve
  })
  return { promise, keep }
}
