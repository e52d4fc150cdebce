import type { Peer } from '../../src/index.ts'
import { ForwardedPeer, plainAddress, type TrustedProxies } from '../serving/trusted-proxies.ts'
import type { BunServer } from './bun.ts'

/** Where a request came from: its connection, or what trusted proxies say. */
export function peerOfRequest(
  request: Request,
  server: BunServer,
  proxies: TrustedProxies | null,
): Peer {
  const connection = new ConnectionPeer(request, server)
  if (proxies === null) return connection
  const overUnix = server.port === undefined
  return new ForwardedPeer(proxies, connection, overUnix, (name) => request.headers.get(name))
}

/** Asks Bun when it is asked itself, and once. */
class ConnectionPeer implements Peer {
  readonly #request: Request
  readonly #server: BunServer
  #address: string | null | undefined

  constructor(request: Request, server: BunServer) {
    this.#request = request
    this.#server = server
  }

  get address(): string | undefined {
    if (this.#address === undefined) {
      this.#address = plainAddress(this.#server.requestIP(this.#request)?.address) ?? null
    }
    return this.#address ?? undefined
  }

  get secure(): boolean {
    return this.#server.protocol === 'https'
  }
}
