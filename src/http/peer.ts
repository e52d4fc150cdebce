import type { Peer } from '../ports/access.ts'

/** The request itself carries it: an entry of a WeakMap for each request costs several times as much. */
const key: unique symbol = Symbol('peer')

type Received = Request & { [key]?: Peer }

/** A request of which no adapter said where it came from. */
const unknownPeer: Peer = {}

/**
 * Says where a request came from. An adapter calls it before the registry sees the request; a peer
 * whose fields are getters costs nothing until an access policy or a log reads them.
 */
export function setPeer(request: Request, peer: Peer): void {
  const received: Received = request
  received[key] = peer
}

/**
 * Where a request came from, as far as the adapter said. Empty for a request that a middleware
 * replaced: only the Request that the adapter was given carries it.
 */
export function peerOf(request: Request): Peer {
  const received: Received = request
  return received[key] ?? unknownPeer
}
