import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Observe } from '../bun/handler.ts'
import { receivedBytes } from '../node-http/incoming-body.ts'
import { peerOfIncoming } from '../node-http/peer.ts'
import { requestIdOf } from '../node-http/request-id.ts'
import type { TrustedProxies } from '../serving/trusted-proxies.ts'
import type { Log } from './log.ts'
import { loggedTarget, plain } from './plain-text.ts'

/** What a line of the access log says. */
interface Entry {
  readonly requestId: string
  readonly method: string
  /** The request's target. */
  readonly url: string
  /** Null when the client left before there was an answer. */
  readonly status: number | null
  /** Bytes of the request's body that were read; null for a request without a body. */
  readonly received: number | null
  /** Bytes of the answer's body; null when that is not known. */
  readonly bytes: number | null
  readonly ms: number
  readonly client: string | null | undefined
  readonly userAgent: string | null | undefined
  /** Whether the client left before the end. */
  readonly aborted: boolean
}

/** Takes the lines of an access log. */
export type AccessLines = Pick<Log, 'line' | 'takes'>

/** Probes come every few seconds and say the same: a line for each would bury the others. */
const probes: ReadonlySet<string> = new Set(['/live', '/ready', '/healthz'])

/**
 * Logs a line for every request of a Node server, once its answer is out or its connection gone;
 * its bytes are those that went to the client.
 *
 * @param overUnix whether connections come over a unix socket
 */
export function accessLog(
  lines: AccessLines,
  proxies: TrustedProxies | null,
  overUnix: boolean,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const clock = isoClock()
  return (incoming, outgoing) => {
    const { method = '', url = '', headers, socket } = incoming
    const level = levelOf(url)
    if (!lines.takes(level)) return
    const started = performance.now()
    const requestId = requestIdOf(incoming)
    const peer = peerOfIncoming(incoming, proxies, overUnix)
    const sentBefore = socket.bytesWritten
    outgoing.on('close', () => {
      const sent = socket.bytesWritten - sentBefore - headBytes(outgoing)
      // Deno takes an answer as sent although its connection is gone.
      const answered = outgoing.headersSent && sent >= 0
      const entry = {
        requestId,
        method,
        url,
        status: answered ? outgoing.statusCode : null,
        received: receivedBytes(incoming),
        bytes: answered ? sent : 0,
        ms: performance.now() - started,
        client: peer.address,
        userAgent: headers['user-agent'],
        aborted: !answered || !outgoing.writableFinished,
      }
      lines.line(level, textOf(level, clock(), entry))
    })
  }
}

/** What Node wrote before an answer's body; its own field, since it says that nowhere else. */
function headBytes(outgoing: ServerResponse): number {
  return (outgoing as { readonly _header?: string | null })._header?.length ?? 0
}

/**
 * Logs a line for every request of a server that does not say when an answer was sent: when the
 * answer begins, with the bytes it is going to have.
 */
export function fetchAccessLog(lines: AccessLines): Observe {
  const clock = isoClock()
  return (request, response, { requestId, client, received, ms, gone }) => {
    const { method, headers } = request
    const url = targetOf(request.url)
    const level = levelOf(url)
    if (!lines.takes(level)) return
    const entry = {
      requestId,
      method,
      url,
      status: gone ? null : response.status,
      received,
      bytes: gone || method === 'HEAD' ? 0 : bodyBytes(response),
      ms,
      client,
      userAgent: headers.get('user-agent'),
      aborted: gone,
    }
    lines.line(level, textOf(level, clock(), entry))
  }
}

function bodyBytes(response: Response): number | null {
  const length = response.headers.get('content-length')
  if (length !== null) return Number(length)
  return response.body === null ? 0 : null
}

function levelOf(url: string): 'info' | 'debug' {
  if (url.startsWith('/v2')) return 'info'
  return probes.has(url.split('?', 1)[0] ?? url) ? 'debug' : 'info'
}

/**
 * Builds the line by hand: the logger's general way takes half of what logging costs.
 */
function textOf(level: string, time: string, entry: Entry): string {
  const { client, userAgent, status, received, bytes } = entry
  return (
    `{"level":"${level}","time":"${time}","msg":"request","requestId":"${entry.requestId}"` +
    `,"method":${quoted(entry.method)},"path":${quoted(loggedTarget(entry.url))}` +
    (status === null ? '' : `,"status":${status}`) +
    (received === null ? '' : `,"received":${received}`) +
    (bytes === null ? '' : `,"bytes":${bytes}`) +
    `,"ms":${Math.round(entry.ms * 10) / 10}` +
    (client === undefined || client === null ? '' : `,"client":"${client}"`) +
    (userAgent === undefined || userAgent === null
      ? ''
      : `,"userAgent":${quoted(plain(userAgent, 256))}`) +
    (entry.aborted ? ',"aborted":true}\n' : '}\n')
  )
}

/** A URL without scheme and host, as the request has it. */
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
