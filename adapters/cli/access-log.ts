import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestIdOf } from '../node-http/request-id.ts'
import { loggedTarget, plain } from './plain-text.ts'

/**
 * Logs a line for every request, once its answer is out or its connection gone. The line is put
 * together here, because the log's general way of doing it is half of what logging would cost.
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
      const userAgent = headers['user-agent']
      const ms = Math.round((performance.now() - started) * 10) / 10
      // Bytes on the wire, the head included.
      const bytes = socket.bytesWritten - sentBefore
      const line =
        `{"level":"info","time":"${clock()}","msg":"request","requestId":"${requestId}"` +
        `,"method":"${method}","path":${quoted(loggedTarget(url))}` +
        `,"status":${outgoing.statusCode},"bytes":${bytes},"ms":${ms}` +
        (client === undefined ? '' : `,"client":"${client}"`) +
        (userAgent === undefined ? '' : `,"userAgent":${quoted(plain(userAgent, 256))}`) +
        (outgoing.writableFinished ? '}\n' : ',"aborted":true}\n')
      write(line)
    })
  }
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
