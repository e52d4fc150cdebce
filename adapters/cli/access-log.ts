import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Observe } from '../bun/handler.ts'
import { requestIdOf } from '../node-http/request-id.ts'
import { loggedTarget, plain } from './plain-text.ts'

/** What a line of the access log says. */
interface Entry {
  readonly requestId: string
  readonly method: string
  /** The request's target. */
  readonly url: string
  /** Null where the client went before there was an answer. */
  readonly status: number | null
  /** Of the answer's body, without its head; null where that is not known. */
  readonly bytes: number | null
  readonly ms: number
  readonly client: string | null | undefined
  readonly userAgent: string | null | undefined
  /** Whether the client went before the end. */
  readonly aborted: boolean
}

/**
 * Logs a line for every request of a Node server, once its answer is out or its connection gone;
 * its bytes are those that went to the client.
 *
 * @param write takes one line of JSON
 */
export function accessLog(
  write: (line: string) => void,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const clock = isoClock()
  return (incoming, outgoing) => {
    const started = performance.now()
    const { socket } = incoming
    const requestId = requestIdOf(incoming)
    // Asked now, because a closed socket no longer knows.
    const client = socket.remoteAddress
    const sentBefore = socket.bytesWritten
    outgoing.on('close', () => {
      const { method = '', url = '', headers } = incoming
      const sent = socket.bytesWritten - sentBefore - headBytes(outgoing)
      // Deno takes an answer as sent although its connection is gone.
      const answered = outgoing.headersSent && sent >= 0
      const entry = {
        requestId,
        method,
        url,
        status: answered ? outgoing.statusCode : null,
        bytes: answered ? sent : 0,
        ms: performance.now() - started,
        client,
        userAgent: headers['user-agent'],
        aborted: !answered || !outgoing.writableFinished,
      }
      write(lineOf(clock(), entry))
    })
  }
}

/** What Node wrote before an answer's body; its own field, since it says that nowhere else. */
function headBytes(outgoing: ServerResponse): number {
  return (outgoing as { readonly _header?: string | null })._header?.length ?? 0
}

/**
 * Logs a line for every request of a server that hands over an answer and does not say what became
 * of it: when the answer begins, with the bytes it is going to have.
 *
 * @param write takes one line of JSON
 */
export function fetchAccessLog(write: (line: string) => void): Observe {
  const clock = isoClock()
  return (request, response, { requestId, client, ms, gone }) => {
    const { method, headers } = request
    const entry = {
      requestId,
      method,
      url: targetOf(request.url),
      status: gone ? null : response.status,
      bytes: gone || method === 'HEAD' ? 0 : bodyBytes(response),
      ms,
      client,
      userAgent: headers.get('user-agent'),
      aborted: gone,
    }
    write(lineOf(clock(), entry))
  }
}

function bodyBytes(response: Response): number | null {
  const length = response.headers.get('content-length')
  if (length !== null) return Number(length)
  return response.body === null ? 0 : null
}

/**
 * The line is put together here, because the log's general way of doing it is half of what logging
 * would cost.
 */
function lineOf(time: string, entry: Entry): string {
  const { client, userAgent, status, bytes } = entry
  return (
    `{"level":"info","time":"${time}","msg":"request","requestId":"${entry.requestId}"` +
    `,"method":${quoted(entry.method)},"path":${quoted(loggedTarget(entry.url))}` +
    (status === null ? '' : `,"status":${status}`) +
    (bytes === null ? '' : `,"bytes":${bytes}`) +
    `,"ms":${Math.round(entry.ms * 10) / 10}` +
    (client === undefined || client === null ? '' : `,"client":"${client}"`) +
    (userAgent === undefined || userAgent === null
      ? ''
      : `,"userAgent":${quoted(plain(userAgent, 256))}`) +
    (entry.aborted ? ',"aborted":true}\n' : '}\n')
  )
}

/** A URL without scheme and host: what stood in the request. */
function targetOf(url: string): string {
  return url.startsWith('/') ? url : url.slice(url.indexOf('/', url.indexOf('://') + 3))
}

/** Most texts of a log need no escaping, and looking is cheaper than doing it. */
function quoted(text: string): string {
  return /^[\w ./:;,()@=&?+-]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The time as text, made once for all that happens in a millisecond. */
function isoClock(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = new Date(now).toISOString()
    }
    return text
  }
}
