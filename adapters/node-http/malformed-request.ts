import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorName } from '../../src/index.ts'
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
  if (error.code === 'ERR_SSL_HTTP_REQUEST') {
    answerBelowTls(socket)
    return
  }
  // Into a response under way an answer would be written as if it were part of the blob.
  const { _httpMessage: current } = socket as { readonly _httpMessage?: ServerResponse | null }
  const isGone = error.code === 'ECONNRESET' || !socket.writable
  // Without keys, an answer would never be sent.
  const hasNoKeys = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
  if (isGone || hasNoKeys || current?.headersSent === true) {
    socket.destroy()
    return
  }
  socket.end(answerText('requestInvalid', {}, statusOf[error.code ?? '']))
}

/**
 * HTTP was spoken to a port that speaks HTTPS. The answer goes past the TLS socket, which has no keys,
 * to the one below; Node alone lets us have that.
 */
function answerBelowTls(socket: Duplex): void {
  const { _parent: bare } = socket as { readonly _parent?: Duplex | null }
  if (bare?.writable === true) answerPlainHttp(bare)
  else socket.destroy()
}

/** Answers HTTP on a bare connection to a port that speaks HTTPS, and hangs up. */
export function answerPlainHttp(socket: Duplex): void {
  socket.end(answerText('httpsRequired'))
}

/** An answer of the registry as it goes over a connection that ends with it. */
export function answerText(
  kind: ErrorName,
  more: Readonly<Record<string, string>> = {},
  othersStatus?: number,
): string {
  const { status: own, headers, body } = errorAnswer(kind, { ...more, Connection: 'close' })
  const status = othersStatus ?? own
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`
}
