import type { Server, Socket } from 'node:net'

/** How every connection of TLS begins: a record of the kind "handshake" (RFC 8446, section 5.1). */
const handshake = 22

/**
 * Looks at the first byte of each connection of an HTTPS server: one that does not begin TLS is handed to
 * `answer`. Deno's TLS would send its alert before any program hears of it. Deno does not bound the time
 * of a handshake either, so a connection without keys is ended after `patienceMs`.
 */
export function answerPlainHttp(
  server: Server,
  answer: (socket: Socket) => void,
  patienceMs: number,
): void {
  const late: Map<Socket, ReturnType<typeof setTimeout>> = new Map()
  const settle = (socket: Socket): void => {
    clearTimeout(late.get(socket))
    late.delete(socket)
  }
  const beginTls = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    late.set(
      socket,
      setTimeout(() => socket.destroy(), patienceMs),
    )
    socket.on('error', () => {}).on('close', () => settle(socket))
    socket.once('data', (first: Uint8Array) => {
      socket.pause()
      if (first[0] !== handshake) {
        answer(socket)
        return
      }
      socket.unshift(first)
      for (const begin of beginTls) begin.call(server, socket)
    })
  })
  server.on('secureConnection', (socket: Socket & { readonly _parent?: Socket }) => {
    if (socket._parent !== undefined) settle(socket._parent)
  })
}
