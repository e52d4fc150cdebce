import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Peer } from '../../src/index.ts'
import { ForwardedPeer, plainAddress, type TrustedProxies } from '../serving/trusted-proxies.ts'
import { clientCertificate } from './client-certificate.ts'

/** Asked once for each connection, because a closed socket no longer knows its address. */
const key: unique symbol = Symbol('peer')

type Asked = Socket & { [key]?: Peer }

/** Where a request came from: its connection, or what trusted proxies say. */
export function peerOfIncoming(
  incoming: IncomingMessage,
  proxies: TrustedProxies | null,
  overUnix: boolean,
): Peer {
  const connection = peerOfSocket(incoming.socket)
  if (proxies === null) return connection
  const { headers } = incoming
  return new ForwardedPeer(proxies, connection, overUnix, (name) => headers[name]?.toString())
}

function peerOfSocket(socket: Asked): Peer {
  const known = socket[key]
  if (known !== undefined) return known
  const secure = (socket as { readonly encrypted?: boolean }).encrypted === true
  const peer: Peer = {
    address: plainAddress(socket.remoteAddress),
    secure,
    ...(secure ? { certificate: clientCertificate(socket as TLSSocket) } : {}),
  }
  socket[key] = peer
  return peer
}
