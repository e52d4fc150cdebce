import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What a server knows of one connection. */
export interface Connection {
  /** Requests whose response is not out yet. */
  pending: number
  /** The newest request. */
  incoming: IncomingMessage | null
  /** Since when it waits for a request, in answers that all connections were given until then. */
  idleSince: number
  /** Bytes that the kernel had taken when its client was last looked at, and since when no more. */
  taken: number
  takenAt: number
  /** Bytes that were read and written when it was last looked at, and since when no more. */
  moved: number
  quietSince: number
}

/** @param answers how many all connections were given until now */
export function newConnection(answers: number): Connection {
  return {
    pending: 0,
    incoming: null,
    idleSince: answers,
    taken: -1,
    takenAt: 0,
    moved: -1,
    quietSince: 0,
  }
}

/**
 * The oldest connection at its client's turn of the address that has the most, where that is not
 * the address of `arrived`; null where there is none. Clients behind one proxy share its address.
 */
export function crowding(open: ReadonlyMap<Socket, Connection>, arrived: Socket): Socket | null {
  const counts: Map<string | undefined, number> = new Map()
  for (const { remoteAddress } of open.keys()) {
    counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1)
  }
  let largest: string | undefined
  let most = Math.max(counts.get(arrived.remoteAddress) ?? 0, 1)
  for (const [address, count] of counts) {
    if (address === undefined || count <= most) continue
    largest = address
    most = count
  }
  if (largest === undefined) return null
  for (const [socket, connection] of open) {
    if (socket.remoteAddress !== largest) continue
    if (socket.writableLength > 0 || isClientsTurn(connection)) return socket
  }
  return null
}

/** How many bytes of what was written the kernel has taken, so that they wait for the client alone. */
export function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

/** Whether a silent connection with nothing to read waits for its client: for a request, or a body. */
export function isClientsTurn({ pending, incoming }: Connection): boolean {
  if (pending === 0 || incoming === null) return true
  return !incoming.complete && incoming.readableFlowing === true
}
