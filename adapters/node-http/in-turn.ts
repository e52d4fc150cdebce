import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { plainAddress } from '../serving/trusted-proxies.ts'
import { turns } from '../serving/turns.ts'

/** What answers a request of `node:http`. */
export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** Requests that wait for their turn, of all connections together: about 32 MiB of them. */
const mostWaiting = 8192
let waiting = 0

/** How many requests of a connection wait. */
const lines: WeakMap<Socket, { length: number }> = new WeakMap()

/**
 * Answers one request of a connection at a time. Node hands over all that a client has sent ahead
 * (pipelined), and each that is begun may hold a file and its buffers until the ones before it are
 * out. A client that sends too far ahead is not read from meanwhile; where all clients together
 * overdo it, the connection is cut.
 */
export function inTurn(answer: Answer): Answer {
  return (incoming, outgoing) => {
    // A response has no socket while an earlier one is not out.
    if (outgoing.socket !== null) answer(incoming, outgoing)
    else wait(answer, incoming, outgoing)
  }
}

function wait(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { socket } = incoming
  if (socket.destroyed) return
  if (waiting >= mostWaiting) {
    socket.destroy()
    return
  }
  const line = lineOf(socket)
  if (line.length === 0) hold(socket)
  waiting++
  line.length++
  outgoing.once('socket', () => {
    if (socket.destroyed) return
    waiting--
    line.length--
    if (line.length === 0) release(socket)
    answer(incoming, outgoing)
  })
}

/** Stops reading from a connection. Node goes on with every request that ends, unless it cannot. */
function hold(socket: Socket): void {
  socket.pause()
  socket.resume = () => socket
}

/** Reads on, where it is its turn: the runtime parses all that a client has sent ahead, up to 64 KiB, at once. */
function release(socket: Socket): void {
  if (!turns.mustWait()) read(socket)
  else void turns.wait(plainAddress(socket.remoteAddress) ?? '').then(() => read(socket))
}

function read(socket: Socket): void {
  Reflect.deleteProperty(socket, 'resume')
  socket.resume()
}

function lineOf(socket: Socket): { length: number } {
  const known = lines.get(socket)
  if (known !== undefined) return known
  const line = { length: 0 }
  lines.set(socket, line)
  socket.once('close', () => {
    waiting -= line.length
  })
  return line
}
