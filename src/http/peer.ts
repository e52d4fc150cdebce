import type { Peer } from '../ports/access.ts'

const peers: WeakMap<Request, Peer> = new WeakMap()

/** A request of which no adapter said where it came from. */
const unknownPeer: Peer = {}

/**
 * Says where a request came from. An adapter calls it before the registry sees the request; a peer
 * whose fields are getters costs nothing until an access policy or a log reads them.
 */
export function setPeer(request: Request, peer: Peer): void {
  peers.set(request, peer)
}

/**
 * Where a request came from, as far as the adapter said. Empty for a request that a middleware made
 * anew: the entry belongs to the very Request that the adapter knew.
 */
export function peerOf(request: Request): Peer {
  return peers.get(request) ?? unknownPeer
}
