import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorAnswer } from '../../src/kit.ts'

/**
 * What the head of a request that Node's parser gave up on is answered with. A client that sends
 * too much or too slowly is told so; everything else is a plain 400.
 */
const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Answers what was no request (a server's `clientError`), in the registry's words, and hangs up. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Into a response under way an answer would be written as if it were part of the blob.
  const { _httpMessage: current } = socket as { readonly _httpMessage?: ServerResponse | null }
  if (error.code === 'ECONNRESET' || !socket.writable || current?.headersSent === true) {
    socket.destroy()
    return
  }
  const { headers, body } = errorAnswer('requestInvalid', { Connection: 'close' })
  const status = statusOf[error.code ?? ''] ?? 400
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`)
}
