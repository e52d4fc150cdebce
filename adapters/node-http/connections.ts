import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

interface Connection {
  /** Requests whose response is not out yet. */
  pending: number
  /** The newest request. */
  incoming: IncomingMessage | null
}

/** What a server knows of its connections, to end the right ones. */
export interface Connections {
  /** Notes a request; called before it is answered. */
  began(incoming: IncomingMessage, outgoing: ServerResponse): void
  /** Resolves when the requests that are under way now have ended, whatever comes meanwhile. */
  settled(): Promise<void>
  /** From now on a connection ends with the response it waits for; those that wait for none, now. */
  drain(): void
  /** Resolves when no connection is left. */
  emptied(): Promise<void>
  /** Cuts what is left; how many connections that were. */
  destroy(): number
}

/**
 * Watches a server's connections. Node's own `closeIdleConnections` counts a response as over when
 * its last byte was handed in, and cuts what a slow client has not read yet; this waits until
 * the kernel has it.
 *
 * Also ends connections on which nothing moves for `stallMs`, though only where it is the client's
 * turn: a registry busy hashing a large upload is not cut off by its own silence.
 */
export function watchConnections(server: Server | HttpsServer, stallMs: number): Connections {
  const open: Map<Socket, Connection> = new Map()
  let draining = false
  /** Requests under way, of those that count; nobody counts more once somebody waits for their end. */
  let counted = 0
  let whenSettled: (() => void) | null = null
  let whenEmpty: (() => void) | null = null

  function forget(this: Socket): void {
    open.delete(this)
    if (open.size === 0) whenEmpty?.()
  }

  function countedEnded(this: ServerResponse): void {
    counted--
    ended.call(this)
    if (counted === 0) whenSettled?.()
  }

  function ended(this: ServerResponse): void {
    const { socket } = this.req
    const connection = open.get(socket)
    if (connection === undefined) return
    connection.pending--
    if (draining && connection.pending === 0) socket.destroySoon()
  }

  /** Node notices that a client closed its side in the middle of a request; Deno does not. */
  function halfClosed(this: Socket): void {
    const incoming = open.get(this)?.incoming
    if (incoming?.complete === false && this.writable) this.destroy()
  }

  const accept = (socket: Socket): void => {
    open.set(socket, { pending: 0, incoming: null })
    socket.on('close', forget).on('end', halfClosed)
    if (draining) socket.destroySoon()
  }

  // On a TLS server `connection` is the bare socket under the one that requests come on.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', accept)
  server.setTimeout(stallMs, (socket) => {
    const connection = open.get(socket)
    if (connection === undefined || isClientsTurn(socket, connection)) socket.destroy()
    else socket.setTimeout(stallMs)
  })

  return {
    began(incoming, outgoing) {
      const connection = open.get(incoming.socket)
      if (connection === undefined) return
      connection.pending++
      connection.incoming = incoming
      if (whenSettled === null) {
        counted++
        outgoing.on('close', countedEnded)
      } else outgoing.on('close', ended)
    },
    settled() {
      return new Promise((resolve) => {
        whenSettled = resolve
        if (counted === 0) resolve()
      })
    },
    drain() {
      draining = true
      for (const [socket, { pending }] of open) if (pending === 0) socket.destroySoon()
    },
    emptied() {
      if (open.size === 0) return Promise.resolve()
      return new Promise((resolve) => {
        whenEmpty = resolve
      })
    },
    destroy() {
      const count = open.size
      for (const socket of open.keys()) socket.destroy()
      return count
    },
  }
}

/** Whether a silent connection waits for its client: for a request, for a body, or to be read. */
function isClientsTurn(socket: Socket, { pending, incoming }: Connection): boolean {
  if (pending === 0 || incoming === null) return true
  if (socket.writableLength > 0) return true
  return !incoming.complete && incoming.readableFlowing === true
}
