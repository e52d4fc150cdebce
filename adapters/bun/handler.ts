import type { NoticeSink } from '../../src/index.ts'
import {
  chooseRequestId,
  errorResponse,
  nativeBlob,
  setNativeBody,
  setPeer,
  setRequestId,
} from '../../src/kit.ts'
import { type DiskBlob, isDiskBlob } from '../disk/disk-blob.ts'
import type { Fetcher } from '../serving/fetcher.ts'
import { readProxies } from '../serving/trusted-proxies.ts'
import { type BunServer, bun } from './bun.ts'
import { answerEarly } from './early-answer.ts'
import { isHost, withHost } from './host.ts'
import { peerOfRequest } from './peer.ts'
import { type RequestBody, requestBody } from './request-body.ts'

/** What is known of a request beside itself and its answer. */
export interface Observed {
  readonly requestId: string
  /** The client's address; null on a unix socket. */
  readonly client: string | null
  /** Bytes of the request's body that were read; null for a request without a body. */
  readonly received: number | null
  /** From the request's head to the answer's, in milliseconds. */
  readonly ms: number
  /** Whether the client went before there was an answer, as far as Bun tells. */
  readonly gone: boolean
}

/** Called with every answer as it begins: Bun does not say when it has been sent. */
export type Observe = (request: Request, response: Response, of: Observed) => void

/** How a handler treats its connections. */
export interface HandlerOptions {
  /** Told of transfers that failed. Default: nobody. */
  readonly onNotice?: NoticeSink
  /** In seconds: how long nothing may move while it is the client's turn. Default: 60. */
  readonly stallSeconds?: number
  /** In seconds: how long an answered connection may wait for its next request. Default: 75. */
  readonly keepAliveSeconds?: number
  /** Whether connections are to end with the answer they wait for. Default: never. */
  readonly ending?: () => boolean
  readonly observe?: Observe
  /**
   * Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: addresses, ranges such as
   * `10.0.0.0/8`, and `unix` for whatever connects over a unix socket. Default: none.
   */
  readonly trustedProxies?: readonly string[]
}

/** A request as Bun knows it, whose connection it stands for, and as the registry is shown it. */
interface Arrived {
  readonly request: Request
  readonly shown: Request
}

/** The `fetch` of `Bun.serve`. */
export type Handler = (request: Request, server: BunServer) => Response | Promise<Response>

/**
 * Blobs of other stores up to this size are sent in one piece, in bytes: Bun sends a stream in
 * chunks, and drops its Content-Length (oven-sh/bun#10507).
 */
const gathered = 256 * 1024

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
  const {
    onNotice,
    stallSeconds = 60,
    keepAliveSeconds = 75,
    ending = () => false,
    observe,
  } = options
  const proxies = readProxies(options.trustedProxies ?? [])
  const bodies: WeakMap<Request, RequestBody> = new WeakMap()

  const ready = (
    response: Response,
    request: Request,
    server: BunServer,
  ): Response | Promise<Response> => {
    if (ending()) response.headers.set('Connection', 'close')
    const native = nativeBlob(response)
    server.timeout(request, native === null ? keepAliveSeconds : stallSeconds)
    if (native === null) return response
    const { blob, span } = native
    if (isDiskBlob(blob.native)) return fileResponse(response, blob.native, span)
    return span.end - span.start > gathered ? response : bytesResponse(response)
  }

  /** The same with the blob as a file: the kernel copies it to the socket. */
  const fileResponse = (
    response: Response,
    blob: DiskBlob,
    { start, end }: { readonly start: number; readonly end: number },
  ): Response => {
    // Bun opens it anew, by its name, which no other bytes can have.
    void blob.close().catch((error: unknown) => {
      onNotice?.({ kind: 'background-failure', task: 'closing a blob', error, retried: false })
    })
    const { status, headers } = response
    // Bun would answer a Range on an empty file by itself, with 416.
    const body = start === end ? null : bun().file(blob.path).slice(start, end)
    return new Response(body, { status, headers })
  }

  const withBody = async (
    { request, shown }: Arrived,
    body: RequestBody,
    server: BunServer,
  ): Promise<Response> => {
    const response = await registry.fetch(shown)
    if (body.ended) return ready(response, request, server)
    server.timeout(request, stallSeconds)
    return ready(await answerEarly(request, body, response), request, server)
  }

  const bodyOf = (
    { request, shown }: Arrived,
    stream: ReadableStream<Uint8Array>,
    server: BunServer,
  ): RequestBody => {
    server.timeout(request, stallSeconds)
    let armed = performance.now()
    const body = requestBody(stream, () => {
      const now = performance.now()
      if (now - armed < rearmMs) return
      armed = now
      server.timeout(request, stallSeconds)
    })
    setNativeBody(shown, {
      async pipe(sink) {
        await body.pipe(sink)
        server.timeout(request, 0)
      },
      abort: () => body.abort(),
    })
    bodies.set(request, body)
    return body
  }

  const answer = (
    request: Request,
    server: BunServer,
    requestId: string | null,
  ): Response | Promise<Response> => {
    const host = request.headers.get('host')
    // Bun itself refuses HTTP/1.1 without a Host; the URL of HTTP/1.0 without one is a path.
    const shown = host === null && request.url.startsWith('/') ? withHost(request) : request
    if (shown === request && !isHost(host)) {
      return errorResponse('requestInvalid', { Connection: 'close' })
    }
    if (requestId !== null) setRequestId(shown, requestId)
    const peer = peerOfRequest(request, server, proxies)
    setPeer(shown, peer)
    if (request.body !== null) {
      // A connection that ends during its upload no longer has an address.
      void peer.address
      const arrived = { request, shown }
      return withBody(arrived, bodyOf(arrived, request.body, server), server)
    }
    const response = registry.fetch(shown)
    if (!(response instanceof Promise)) return ready(response, request, server)
    server.timeout(request, 0)
    return response.then((response) => ready(response, request, server))
  }

  if (observe === undefined) {
    return (request, server) => {
      const given = request.headers.get('x-request-id')
      return answer(request, server, given === null ? null : chooseRequestId(given))
    }
  }
  return (request, server) => {
    const began = performance.now()
    const requestId = chooseRequestId(request.headers.get('x-request-id'))
    // Asked now, because a closed connection no longer knows.
    const connection = server.requestIP(request)
    const client = peerOfRequest(request, server, proxies).address ?? null
    const seen = (response: Response, gone: boolean): Response => {
      const received = bodies.get(request)?.received ?? null
      const ms = performance.now() - began
      observe(request, response, { requestId, client, received, ms, gone })
      return response
    }
    const response = answer(request, server, requestId)
    if (!(response instanceof Promise)) return seen(response, false)
    // A connection that is no more has no address.
    return response.then((response) =>
      seen(response, connection !== null && server.requestIP(request) === null),
    )
  }
}

async function bytesResponse(response: Response): Promise<Response> {
  const { status, headers } = response
  return new Response(await response.arrayBuffer(), { status, headers })
}
