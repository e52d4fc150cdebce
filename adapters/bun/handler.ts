import type { Peer } from '../../src/index.ts'
import {
  beginExchange,
  chooseRequestId,
  type Exchange,
  endWith,
  errorResponse,
  nativeBlob,
  type RequestHead,
  requestIdOf,
  safeNotices,
  safeObserver,
  setExchange,
  setHeaderForm,
  setNativeBody,
  setPeer,
  setRequestId,
  targetOf,
} from '../../src/kit.ts'
import { type DiskBlob, isDiskBlob } from '../disk/disk-blob.ts'
import { isEventStream } from '../serving/event-stream.ts'
import type { Fetcher } from '../serving/fetcher.ts'
import { unreadMs } from '../serving/serve-options.ts'
import { readProxies } from '../serving/trusted-proxies.ts'
import { inFairTurns } from '../serving/turns.ts'
import { type BunServer, bun } from './bun.ts'
import { answerEarly } from './early-answer.ts'
import { vainSeconds, waitsInVain } from './expectation.ts'
import type { HandlerOptions } from './handler-options.ts'
import { isHost, withHost } from './host.ts'
import { KeptHeaders } from './kept-headers.ts'
import { gather, isLong } from './long-answer.ts'
import { peerOfRequest } from './peer.ts'
import { type RequestBody, requestBody } from './request-body.ts'
import { SlowReaders } from './slow-readers.ts'
import { Transfers } from './transfers.ts'
import { UnderWay } from './under-way.ts'

/** A request as Bun knows it, whose connection it stands for, and as the registry is shown it. */
interface Arrived {
  readonly request: Request
  readonly shown: Request
  readonly peer: Peer
  /** Null where nothing observes. */
  readonly exchange: Exchange | null
}

/** The `fetch` of `Bun.serve`. */
export type Handler = (request: Request, server: BunServer) => Response | Promise<Response>

/** With the answer to a request for which there is no room. */
const tryLater = { 'Retry-After': '5', Connection: 'close' }

/** How often, at most, the clock of a body on its way is set back. */
const rearmMs = 1_000

/**
 * Carries requests from `Bun.serve` to `registry` and its answers back, blobs straight from the
 * disk. Bun counts seconds from a request's head on, whatever arrives after it, so the handler sets
 * its clock back as a body moves, and stops it while it is our turn.
 *
 * @throws TypeError when `trustedProxies` holds anything else.
 */
export function createHandler(registry: Fetcher, options: HandlerOptions = {}): Handler {
  const { stallSeconds = 60, keepAliveSeconds = 75, ending = () => false } = options
  const underWay = new UnderWay(options.maxRequests ?? Number.POSITIVE_INFINITY)
  const proxies = readProxies(options.trustedProxies ?? [])
  const onNotice = safeNotices(options.onNotice)
  const fetch = inFairTurns(registry)
  const observe = safeObserver(options.observe, onNotice)
  const { meter } = options
  /** Whether reports are made, which name the client. */
  const reported = observe !== null || registry.observed === true
  const transfers = new Transfers()
  const keptHeaders = new KeptHeaders()
  const headerForm = (headers: Readonly<Record<string, string>>): Headers => keptHeaders.of(headers)
  const slowReaders = new SlowReaders({
    stallSeconds,
    moreMs: unreadMs(0, options.slowestPull),
    isFull: (server) => underWay.isFull(server),
  })

  const ready = (
    given: Response,
    { request, peer, exchange }: Arrived,
    server: BunServer,
    isLate: boolean,
  ): Response | Promise<Response> => {
    const long = isLong(given)
    const isRefused = long && !underWay.admits(server, peer, false)
    const admitted = isRefused ? refused(given) : given
    const response =
      exchange === null ? admitted : ended(admitted, request, exchange, server, isLate)
    if (ending()) response.headers.set('Connection', 'close')
    const native = nativeBlob(response)
    server.timeout(request, native === null ? keepAliveSeconds : stallSeconds)
    if ((long && !isRefused) || isEventStream(request.url, response)) {
      slowReaders.watch(request, server)
    }
    if (native === null) return response.status === 206 && !long ? gather(response) : response
    const { blob, span } = native
    if (isDiskBlob(blob.native)) {
      if (native.ended !== undefined) {
        transfers.watch(request, server, span.end - span.start, native.ended)
      }
      return fileResponse(response, blob.native, span)
    }
    return long ? response : gather(response)
  }

  /** Stands for an answer for which there is no room. */
  const refused = (response: Response): Response => {
    void response.body?.cancel().catch((error: unknown) => {
      onNotice({ kind: 'background-failure', task: 'closing a blob', error, retried: false })
    })
    return errorResponse('unavailable', tryLater)
  }

  /** Ends an exchange, as far as Bun tells. */
  const ended = (
    response: Response,
    request: Request,
    exchange: Exchange,
    server: BunServer,
    isLate: boolean,
  ): Response => {
    // A connection that is no more has no address; one over a unix socket never had any. To look costs as
    // much as the line of an access log, and no connection ends while this thread is at work.
    const gone = isLate && server.port !== undefined && server.requestIP(request) === null
    if (gone) exchange.end({ status: null, bytesOut: 0, cutShort: true })
    return endWith(exchange, response, request.method === 'HEAD')
  }

  /** The same with the blob as a file: the kernel copies it to the socket. */
  const fileResponse = (
    response: Response,
    blob: DiskBlob,
    { start, end }: { readonly start: number; readonly end: number },
  ): Response => {
    // Bun opens it again, by its name, which no other bytes can have.
    void blob.close().catch((error: unknown) => {
      onNotice({ kind: 'background-failure', task: 'closing a blob', error, retried: false })
    })
    const { status, headers } = response
    // Bun would answer a Range on an empty file by itself, with 416.
    const body = start === end ? null : bun().file(blob.path).slice(start, end)
    return new Response(body, { status, headers })
  }

  /** Answers a request with a body; with `refusal` where there is one. */
  const withBody = async (
    arrived: Arrived,
    body: RequestBody,
    server: BunServer,
    refusal: Response | null,
  ): Promise<Response> => {
    const { request, shown, peer } = arrived
    if (refusal === null) underWay.began(body, peer)
    const response = refusal ?? (await fetch(shown))
    underWay.ended(body)
    if (body.ended) return ready(response, arrived, server, true)
    server.timeout(request, stallSeconds)
    return ready(await answerEarly(request, body, response), arrived, server, true)
  }

  const bodyOf = (
    { request, shown }: Arrived,
    stream: ReadableStream<Uint8Array>,
    server: BunServer,
  ): RequestBody => {
    const isVain = waitsInVain(request)
    server.timeout(request, isVain ? vainSeconds : stallSeconds)
    let armed = isVain ? Number.NEGATIVE_INFINITY : performance.now()
    const moved = (): void => {
      const now = performance.now()
      if (now - armed < rearmMs) return
      armed = now
      server.timeout(request, stallSeconds)
    }
    const body = requestBody(stream, () => request.bodyUsed || shown.bodyUsed, moved)
    setNativeBody(shown, {
      async pipe(sink) {
        await body.pipe(sink)
        server.timeout(request, 0)
      },
      abort: () => body.abort(),
    })
    return body
  }

  const answer = (
    request: Request,
    server: BunServer,
    peer: Peer,
    exchange: Exchange | null,
    requestId: string | null,
  ): Response | Promise<Response> => {
    const host = request.headers.get('host')
    // Bun itself refuses HTTP/1.1 without a Host; the URL of HTTP/1.0 without one is a path.
    const shown = host === null && request.url.startsWith('/') ? withHost(request) : request
    const arrived = { request, shown, peer, exchange }
    if (shown === request && !isHost(host)) {
      return ready(errorResponse('requestInvalid', { Connection: 'close' }), arrived, server, false)
    }
    if (requestId !== null) setRequestId(shown, requestId)
    if (exchange !== null) setExchange(shown, exchange)
    setPeer(shown, peer)
    setHeaderForm(shown, headerForm)
    const stream = request.body
    if (stream !== null) {
      rememberAddress(arrived)
      const isFull = !underWay.admits(server, peer, true)
      const refusal = isFull ? errorResponse('unavailable', tryLater) : null
      return withBody(arrived, bodyOf(arrived, stream, server), server, refusal)
    }
    const response = fetch(shown)
    if (!(response instanceof Promise)) return ready(response, arrived, server, false)
    rememberAddress(arrived)
    server.timeout(request, 0)
    return response.then((response) => ready(response, arrived, server, true))
  }

  /** Asks for the address of a request now, because a closed connection no longer knows it. */
  function rememberAddress({ peer }: Arrived): void {
    if (reported) void peer.address
  }

  if (!reported && meter === undefined) {
    // The registry chooses the request's id, where it needs one.
    return (request, server) =>
      answer(request, server, peerOfRequest(request, server, proxies), null, null)
  }
  return (request, server) => {
    const { method } = request
    const requestId = reported ? chooseRequestId(request.headers.get('x-request-id')) : null
    const peer = peerOfRequest(request, server, proxies)
    const describe = (): RequestHead => ({
      requestId: requestId ?? requestIdOf(request),
      method,
      target: targetOf(request.url),
      peer,
      userAgent: request.headers.get('user-agent'),
    })
    const exchange = beginExchange(describe, method)
    if (observe !== null) exchange.add(observe)
    if (meter !== undefined) exchange.countBy(meter)
    return answer(request, server, peer, exchange, requestId)
  }
}
