import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { requestIdOf } from '../node-fs/request-id.ts'
import { loggedTarget, plain } from './plain-text.ts'

/** Logs a line for every request, once its answer is out or its connection gone. */
export function accessLog(
  log: Logger,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const started = performance.now()
    const { socket, method, url = '', headers } = incoming
    const requestId = requestIdOf(incoming)
    // Asked now, because a closed socket no longer knows.
    const client = socket.remoteAddress
    const sentBefore = socket.bytesWritten
    outgoing.on('close', () => {
      const userAgent = headers['user-agent']
      log.info(
        {
          requestId,
          method,
          path: loggedTarget(url),
          status: outgoing.statusCode,
          // On the wire, the head included.
          bytes: socket.bytesWritten - sentBefore,
          ms: Math.round((performance.now() - started) * 10) / 10,
          client,
          ...(userAgent === undefined ? {} : { userAgent: plain(userAgent, 256) }),
          ...(outgoing.writableFinished ? {} : { aborted: true }),
        },
        'request',
      )
    })
  }
}
