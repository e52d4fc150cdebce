import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { NoticeSink, RequestObserver } from '../../src/index.ts'
import {
  chooseRequestId,
  type Exchange,
  errorAnswer,
  errorResponse,
  type Meter,
  type NativeBlob,
  nativeBlob,
  requestIdOf,
  safeNotices,
  safeObserver,
  setExchange,
  setNativeBody,
  setPeer,
  setRequestId,
} from '../../src/kit.ts'
import { BufferBudget } from '../disk/buffers.ts'
import { isDiskBlob } from '../disk/disk-blob.ts'
import { isEventStream } from '../serving/event-stream.ts'
import type { Fetcher as AnyFetcher } from '../serving/fetcher.ts'
import { readProxies } from '../serving/trusted-proxies.ts'
import { inFairTurns } from '../serving/turns.ts'
import { answerEarly, isEarly, isEnding } from './early-answer.ts'
import { inTurn } from './in-turn.ts'
import { emptyBody, incomingBody, mayHaveBody } from './incoming-body.ts'
import { beginObserving } from './observe.ts'
import { peerOfIncoming } from './peer.ts'
import { type BlobFile, pump } from './pump.ts'

/** What answers requests: a registry, or something around one. */
export interface Fetcher extends AnyFetcher<HttpBindings> {
  /** What transfers borrow their memory from; a registry on disk has its own. */
  readonly buffers?: BufferBudget
}

/**
 * An absolute target without a host (RFC 9112, section 3.2.2). A URL parser takes the first part of its
 * path for one, others take the path as it stands.
 */
const hostless = /^https?:\/\/(?:[/?#]|$)/i

/**
 * Whether a request without a Host is no request. HTTP/1.0 need not have one, and health checks of
 * load balancers send it so; HTTP/2 has `:authority` instead.
 */
function mustNameHost({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && !headers[':authority']
}

function refused(incoming: IncomingMessage): Response {
  const isHttp2 = incoming.httpVersionMajor === 2
  return errorResponse('requestInvalid', isHttp2 ? {} : { Connection: 'close' })
}

const { write: ownWrite } = ServerResponse.prototype

/**
 * Whether a response calls back once the kernel took what was written, so that its buffer can be used
 * again. A middleware that compresses, for one, puts a function of its own in the place of `write`,
 * and most of these forget the callback.
 */
function tellsWhenWritten(outgoing: ServerResponse): boolean {
  return outgoing.write === ownWrite
}

/** Ends an answer that would otherwise wait, with nothing to say, for a client that has gone. */
function endWithClient({ incoming, outgoing }: HttpBindings): void {
  if (incoming.httpVersionMajor === 2) return
  const { socket } = incoming
  const end = (): void => void outgoing.destroy()
  socket.once('end', end)
  outgoing.once('close', () => socket.off('end', end))
}

/** How a listener treats its process. */
export interface ListenerOptions {
  /** Told of transfers that failed. Default: none. */
  readonly onNotice?: NoticeSink
  /** Takes a report of every request that the listener is given. Default: none. */
  readonly observe?: RequestObserver
  /** Counts the same requests. Default: nothing does. */
  readonly meter?: Meter
  /**
   * Replace the process's `Request` and `Response` with @hono/node-server's, which make small
   * answers several times as fast. Default: false, since the process may not be ours alone.
   */
  readonly replaceGlobals?: boolean
  /**
   * Free the memory of a body's chunks as soon as they are on disk, not when the collector comes by.
   * Default: false, since somebody else may have listened to the request's data.
   */
  readonly freeChunks?: boolean
  /**
   * Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: addresses, ranges such as
   * `10.0.0.0/8`, and `unix` for whatever connects over a unix socket. Default: none.
   */
  readonly trustedProxies?: readonly string[]
  /** Whether connections come over a unix socket, for `unix` among `trustedProxies`. Default: false. */
  readonly overUnix?: boolean
}

/** What is known of an observed request before there is a Request to carry it. */
interface Arriving {
  readonly exchange: Exchange
  readonly requestId: string
}

/** A listener for `createServer` of `node:http` and `node:http2`, or for `app.use` of Express. */
export type Listener = (
  incoming: IncomingMessage | Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
) => void

// Made while the fast Response was in place it would look like one yet to be sent: a look at its
// body turns it into a plain one.
void RESPONSE_ALREADY_SENT.body

/**
 * Carries requests from Node to `registry` and its answers back, blobs straight from the disk.
 *
 * @throws TypeError when `trustedProxies` holds anything but proxies.
 */
export function createListener(registry: Fetcher, options: ListenerOptions = {}): Listener {
  const { freeChunks = false, overUnix = false } = options
  const onNotice = safeNotices(options.onNotice)
  const proxies = readProxies(options.trustedProxies ?? [])
  const stock = registry.buffers ?? new BufferBudget()
  const fetch = inFairTurns(registry)
  const observe = safeObserver(options.observe, onNotice)
  const { meter } = options
  const observed = observe !== null || meter !== undefined || registry.observed === true

  const report = (request: Request, incoming: IncomingMessage, error: unknown): void =>
    onNotice({
      kind: 'failure',
      requestId: requestIdOf(request),
      method: incoming.method ?? '',
      path: incoming.url?.split('?', 1)[0] ?? '',
      error,
    })

  const sendBlob = async (
    request: Request,
    response: Response,
    { blob, span }: NativeBlob,
    file: BlobFile,
    { incoming, outgoing }: HttpBindings,
  ): Promise<void> => {
    const head = { status: response.status, headers: Object.fromEntries(response.headers) }
    try {
      await pump(file, span, head, outgoing, stock)
    } catch (error) {
      report(request, incoming, error)
      if (!outgoing.headersSent) {
        const answer = errorAnswer('internal', { 'X-Request-Id': requestIdOf(request) })
        outgoing.writeHead(answer.status, answer.headers).end(answer.body)
      }
    }
    await blob.close().catch((error: unknown) => report(request, incoming, error))
  }

  const send = (request: Request, response: Response, context: HttpBindings): Response => {
    if (isEventStream(context.incoming.url ?? '/', response)) endWithClient(context)
    const native = nativeBlob(response)
    if (native === null || !isDiskBlob(native.blob.native)) return response
    // Otherwise the body of the response is sent, which waits as streams do.
    if (!tellsWhenWritten(context.outgoing)) return response
    void sendBlob(request, response, native, native.blob.native, context)
    return RESPONSE_ALREADY_SENT
  }

  const fetchWithBody = async (request: Request, context: HttpBindings): Promise<Response> => {
    const { incoming, outgoing } = context
    setNativeBody(request, mayHaveBody(incoming) ? incomingBody(incoming, freeChunks) : emptyBody)
    const response = await fetch(request, context)
    if (isEarly(incoming)) {
      await answerEarly(response, incoming, outgoing, freeChunks)
      return RESPONSE_ALREADY_SENT
    }
    // What little was not read would block the next request of the connection.
    incoming.resume()
    return response
  }

  /** Of the request for which a Request is being made: a field of Node's own costs 6 µs on Deno. */
  let arriving: Arriving | null = null

  const listener = getRequestListener(
    (request, bindings) => {
      const context = bindings as HttpBindings
      const { method, headers, url = '' } = context.incoming
      if (arriving !== null) {
        setRequestId(request, arriving.requestId)
        setExchange(request, arriving.exchange)
      }
      if (!headers.host && mustNameHost(context.incoming)) return refused(context.incoming)
      if (hostless.test(url)) return refused(context.incoming)
      setPeer(request, peerOfIncoming(context.incoming, proxies, overUnix))
      if (method !== 'GET' && method !== 'HEAD') return fetchWithBody(request, context)
      const answer = fetch(request, context)
      return answer instanceof Promise
        ? answer.then((response) => send(request, response, context))
        : send(request, answer, context)
    },
    {
      // For a request that need not name its host: nothing here depends on the name.
      hostname: 'localhost',
      overrideGlobalObjects: options.replaceGlobals ?? false,
      autoCleanupIncoming: false,
      errorHandler: (error) =>
        error instanceof RequestError
          ? errorResponse('requestInvalid', { Connection: 'close' })
          : errorResponse('internal'),
    },
  )
  // What `node:http2` hands over has the same shape, as far as it is used here.
  return inTurn((incoming, outgoing) => {
    if (isEnding(incoming.socket)) return
    if (observed) {
      const peer = peerOfIncoming(incoming, proxies, overUnix)
      const requestId = chooseRequestId(incoming.headers['x-request-id'])
      const exchange = beginObserving(incoming, outgoing, peer, requestId)
      if (observe !== null) exchange.add(observe)
      if (meter !== undefined) exchange.countBy(meter)
      arriving = { exchange, requestId }
    }
    void listener(incoming, outgoing)
    arriving = null
  }) as Listener
}
