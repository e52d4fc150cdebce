import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Peer } from '../../src/index.ts'
import { beginExchange, type Exchange, type RequestHead } from '../../src/kit.ts'

/** Observes a request until its answer is out or its connection is gone. */
export function beginObserving(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  peer: Peer,
  requestId: string,
): Exchange {
  const { socket } = incoming
  const sentBefore = socket.bytesWritten
  const method = incoming.method ?? ''
  const describe = (): RequestHead => ({
    requestId,
    method,
    target: incoming.url ?? '',
    peer,
    userAgent: incoming.headers['user-agent'] ?? null,
  })
  const exchange = beginExchange(describe, method)
  outgoing.on('close', () => {
    // The streams of HTTP/2 share a connection, which does not tell them apart.
    const sent =
      incoming.httpVersionMajor === 2
        ? null
        : socket.bytesWritten - sentBefore - headBytes(outgoing)
    // Deno takes an answer as sent although its connection is gone.
    const answered = outgoing.headersSent && (sent === null || sent >= 0)
    exchange.end({
      status: answered ? outgoing.statusCode : null,
      bytesOut: answered ? sent : 0,
      cutShort: !answered || !outgoing.writableFinished,
    })
  })
  return exchange
}

/** What Node wrote before an answer's body; its own field, since it says that nowhere else. */
function headBytes(outgoing: ServerResponse): number {
  return (outgoing as { readonly _header?: string | null })._header?.length ?? 0
}
