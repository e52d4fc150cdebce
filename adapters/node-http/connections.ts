import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { type Connection, crowding, isClientsTurn, newConnection, takenOf } from './connection.ts'
import { answerText } from './malformed-request.ts'
import { QuietSweep } from './quiet-sweep.ts'

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

/** The bounds of a server's connections. */
export interface ConnectionLimits {
  /** How long nothing may move while it is the client's turn, in milliseconds. */
  readonly stallMs: number
  /** How long it may wait for its next request, in milliseconds. */
  readonly keepAliveMs: number
  /** The same as `stallMs` while an answer waits to be read, in milliseconds; at least `stallMs`. */
  readonly unreadMs: number
  /** How many there may be at once. */
  readonly most: number
  /** Called each time there was one too many. */
  readonly whenFull?: () => void
}

/**
 * Watches a server's connections. Node's own `closeIdleConnections` counts a response as over when
 * its last byte was handed in, and cuts what a slow client has not read yet; this waits until
 * the kernel has it.
 *
 * Also ends connections on which nothing moves for `stallMs`, though only where it is the client's
 * turn: a registry busy hashing a large upload is not cut off by its own silence.
 *
 * Where there are too many, the one that waits longest for its client makes room for a new one: in a
 * flood of connections that ask nothing, a client that asks something is still answered. After those
 * that wait for a request come those whose answer was not read for `stallMs`. Where all are at work,
 * the address that has most of them makes room for one that has fewer.
 */
export function watchConnections(
  server: Server | HttpsServer,
  { stallMs, keepAliveMs, unreadMs, most, whenFull }: ConnectionLimits,
): Connections {
  const secure = server instanceof TlsServer
  const open: Map<Socket, Connection> = new Map()
  /** Those of TLS that have no keys yet, the oldest first. */
  const handshakes: Set<Socket> = new Set()
  /** How many wait for a request. */
  let idle = 0
  let answers = 0
  /** Those whose answer was not read for a while, the longest first; some may be read again. */
  const unread: Set<Socket> = new Set()
  let draining = false
  /** Requests under way, of those that count; nobody counts more once somebody waits for their end. */
  let counted = 0
  let whenSettled: (() => void) | null = null
  let whenEmpty: (() => void) | null = null

  const remove = (socket: Socket): void => {
    handshakes.delete(socket)
    if (open.get(socket)?.pending === 0) idle--
    unread.delete(socket)
    if (open.delete(socket) && open.size === 0) whenEmpty?.()
  }

  function forget(this: Socket): void {
    remove(this)
  }

  /** The connection that waits longest for a request. Looked for when it is needed, not kept with each request. */
  const longestIdle = (): Socket | null => {
    let longest: Socket | null = null
    let least = Number.POSITIVE_INFINITY
    for (const [socket, { pending, idleSince }] of open) {
      if (pending > 0 || idleSince >= least) continue
      longest = socket
      least = idleSince
    }
    return longest
  }

  const makeRoomFor = (arrived: Socket): void => {
    if (open.size + handshakes.size <= most) return
    whenFull?.()
    const [oldest = arrived] = handshakes
    const waiting = handshakes.size > idle ? oldest : (longestIdle() ?? arrived)
    const longest =
      waiting === arrived ? (longestUnread() ?? crowding(open, arrived) ?? arrived) : waiting
    remove(longest)
    // Without the keys of TLS there is nothing to say to a client that is refused.
    if (longest === arrived && !secure) refuse(arrived)
    else longest.destroy()
  }

  const longestUnread = (): Socket | null => {
    for (const socket of unread) {
      if (socket.writableLength > 0 && takenOf(socket) === open.get(socket)?.taken) return socket
      unread.delete(socket)
    }
    return null
  }

  /** Called when nothing moved for `stallMs`, as far as one can see; whether it lasts too long. */
  const isOver = (socket: Socket, connection: Connection): boolean => {
    if (socket.writableLength === 0) return isClientsTurn(connection)
    const taken = takenOf(socket)
    const now = performance.now()
    if (taken !== connection.taken) {
      unread.delete(socket)
      Object.assign(connection, { taken, takenAt: now - stallMs })
    }
    unread.add(socket)
    return now - connection.takenAt >= unreadMs
  }

  const sweep = new QuietSweep(open, {
    stallMs,
    keepAliveMs,
    onQuiet: (socket) => server.emit('timeout', socket),
  })

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
    if (connection.pending > 0) return
    idle++
    connection.idleSince = ++answers
    if (draining) socket.destroySoon()
  }

  /** Node notices that a client closed its side in the middle of a request; Deno does not. */
  function halfClosed(this: Socket): void {
    const incoming = open.get(this)?.incoming
    if (incoming?.complete === false && this.writable) this.destroy()
  }

  const accept = (socket: Socket): void => {
    open.set(socket, newConnection(answers))
    sweep.watch(socket)
    idle++
    socket.on('close', forget).on('end', halfClosed)
    if (draining) socket.destroySoon()
    else makeRoomFor(socket)
  }

  if (secure) {
    server.on('connection', (bare: Socket) => {
      handshakes.add(bare)
      bare.on('close', forget)
      makeRoomFor(bare)
    })
    // Requests come on another socket than the one that was accepted.
    server.on('secureConnection', (socket: Socket & { readonly _parent?: Socket }) => {
      if (socket._parent !== undefined) handshakes.delete(socket._parent)
      accept(socket)
    })
  } else server.on('connection', accept)
  server.setTimeout(stallMs, (socket) => {
    const connection = open.get(socket)
    if (connection === undefined || isOver(socket, connection)) socket.destroy()
  })

  return {
    began(incoming, outgoing) {
      const connection = open.get(incoming.socket)
      if (connection === undefined) return
      if (connection.pending === 0) idle--
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

/** Tells a client that there is no room for it. */
function refuse(socket: Socket): void {
  socket.write(answerText('unavailable', { 'Retry-After': '5' }))
  socket.destroySoon()
}
