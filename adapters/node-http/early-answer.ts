import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { allowFreeing, freeChunk } from '../disk/spent-chunks.ts'
import { lingerBytes, lingerMs, shortBody } from '../serving/unread-body.ts'
import { http2StreamOf } from './http2.ts'

/** Connections that end after the answer they wait for. */
const ending: WeakSet<Socket> = new WeakSet()

/** Whether a connection is about to end, so that what still comes on it is to be ignored. */
export function isEnding(socket: Socket): boolean {
  return ending.has(socket)
}

/** Whether much of a request's body may still be coming while its answer is ready. */
export function isEarly(incoming: IncomingMessage): boolean {
  if (incoming.complete) return false
  const length = Number(incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  return length > shortBody
}

/**
 * Answers a request before its body is all there, then closes the connection: nothing after an
 * unread body may be taken for a request. The answer goes out first and the hanging up comes later,
 * because a socket closed with unread bytes makes the kernel send a reset, which can overtake the
 * answer on its way.
 *
 * @param free whether the memory of what is thrown away may be given back at once
 */
export async function answerEarly(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  free: boolean,
): Promise<void> {
  const body = new Uint8Array(await response.arrayBuffer())
  if (outgoing.destroyed) return
  const headers: Record<string, string> = Object.fromEntries(response.headers)
  const stream = http2StreamOf(outgoing)
  if (stream !== null) {
    outgoing.writeHead(response.status, headers).end(body)
    await discard(incoming, free)
    // The client need not send the rest, and the other streams of the connection go on. Not at once:
    // before the end of the answer is out, it would be an answer cut short (RFC 9113, section 8.1).
    if (!incoming.readableEnded) stream.close()
    return
  }
  ending.add(incoming.socket)
  headers.connection = 'close'
  if (response.status !== 204) headers['content-length'] = String(body.byteLength)
  outgoing.writeHead(response.status, headers)
  // Whole by its length, though not yet ended: the client need not wait for the end.
  if (body.byteLength > 0) outgoing.write(body)
  else outgoing.flushHeaders()
  await discard(incoming, free)
  outgoing.end()
}

/** Reads on and throws away, until the body ends, the client gives up, or it was enough. */
function discard(incoming: IncomingMessage, free: boolean): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const done = (): void => {
      clearTimeout(timer)
      incoming.off('data', count).off('end', done).off('close', done)
      incoming.pause()
      resolve()
    }
    const count = (chunk: Uint8Array): void => {
      bytes += chunk.byteLength
      if (free) allowFreeing(chunk)
      freeChunk(chunk)
      if (bytes > lingerBytes) done()
    }
    const timer = setTimeout(done, lingerMs)
    incoming.on('data', count).on('end', done).on('close', done)
    incoming.resume()
  })
}
