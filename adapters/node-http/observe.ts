import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Peer } from '../../src/index.ts'
import { beginExchange, type Exchange, type RequestHead } from '../../src/kit.ts'

/** What a connection has sent, as far as it was asked: to ask takes a microsecond. */
const key: unique symbol = Symbol('sent')

interface Sent {
  /** At the end of the last answer, in bytes. */
  bytes: number
  /** Exchanges that have not ended. */
  open: number
}

type Counted = Socket & { [key]?: Sent }

/** Observes a request until its answer is out or its connection is gone. */
export function beginObserving(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  peer: Peer,
  requestId: string,
): Exchange {
  const { socket } = incoming
  // The streams of HTTP/2 share a connection, which does not tell them apart.
  const sent = incoming.httpVersionMajor === 2 ? null : sentOver(socket)
  // What says "100 Continue" is sent before the request is known here.
  const isKnown = sent?.open === 0 && incoming.headers.expect === undefined
  const sentBefore = isKnown ? sent.bytes : sent === null ? 0 : socket.bytesWritten
  if (sent !== null) sent.open += 1
  const method = incoming.method ?? ''
  const describe = (): RequestHead => ({
    requestId,
    method,
    target: incoming.url ?? '',
    peer,
    userAgent: incoming.headers['user-agent'] ?? null,
  })
  const exchange = beginExchange(describe, method, (name) => {
    const value = incoming.headers[name]
    return (typeof value === 'object' ? value.join(', ') : value) ?? null
  })
  outgoing.on('close', () => {
    let bytes: number | null = null
    if (sent !== null) {
      sent.bytes = socket.bytesWritten
      sent.open -= 1
      bytes = sent.bytes - sentBefore - headBytes(outgoing)
    }
    // Deno takes an answer as sent although its connection is gone.
    const answered = outgoing.headersSent && (bytes === null || bytes >= 0)
    exchange.end({
      status: answered ? outgoing.statusCode : null,
      bytesOut: answered ? bytes : 0,
      cutShort: !answered || !outgoing.writableFinished,
    })
  })
  return exchange
}

function sentOver(socket: Counted): Sent {
  const known = socket[key]
  if (known !== undefined) return known
  const sent = { bytes: socket.bytesWritten, open: 0 }
  socket[key] = sent
  return sent
}

/** What Node wrote before an answer's body; its own field, since it says that nowhere else. */
function headBytes(outgoing: ServerResponse): number {
  return (outgoing as { readonly _header?: string | null })._header?.length ?? 0
}
