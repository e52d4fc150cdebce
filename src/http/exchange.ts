import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Principal } from '../ports/access.ts'
import type { RequestObserver, RequestReport } from '../ports/observer.ts'
import type { HeaderReader, TracePlace } from '../ports/tracing.ts'
import { bodyLength } from './body-length.ts'
import { nativeBlob, setNativeBlob } from './native-blob.ts'
import { peerOf } from './peer.ts'
import { requestIdOf } from './request-id.ts'
import { targetOf } from './target.ts'

/** How an answer ended. */
export interface ExchangeEnd {
  /** Null where the client went away before there was an answer. */
  readonly status: number | null
  /** Of the body; null where the runtime does not tell. */
  readonly bytesOut: number | null
  /** Null where the runtime does not tell. */
  readonly cutShort: boolean | null
}

/** Counts requests as they begin and end. It gets no report of them, which costs a request more. Neither may throw. */
export interface Meter {
  /** A request has arrived; its route is not known yet. */
  began(): void
  /** The route of a request is known, or another than it was before. */
  routed(route: string | null, before: string | null): void
  /** @param milliseconds from the arrival of the request's head to the end of the answer */
  ended(exchange: Exchange, end: ExchangeEnd, milliseconds: number): void
}

/** What a report says of the request itself. */
export type RequestHead = Pick<
  RequestReport,
  'requestId' | 'method' | 'target' | 'peer' | 'userAgent'
>

/**
 * A request that is observed, from its arrival to the end of its answer. The registry fills in what it
 * learns on the way. The code that sends the answer ends it, once.
 */
export class Exchange {
  route: string | null = null
  repository: RepositoryName | null = null
  reference: Reference | null = null
  principal: Principal | null = null
  errorCode: string | null = null
  rule: string | null = null
  digest: Digest | null = null
  /** Its span. */
  trace: TracePlace | null = null
  bytesIn = 0
  /** Whether an adapter ends it. */
  readonly managed: boolean
  readonly method: string
  /** Reads a header faster than the request does; null where nothing can. */
  readonly header: HeaderReader | null
  readonly #describe: () => RequestHead
  readonly #began: number = performance.now()
  #observer: RequestObserver | null = null
  #meter: Meter | null = null
  #ended = false

  /** @param describe called once, when it has ended */
  constructor(
    describe: () => RequestHead,
    managed: boolean,
    method: string,
    header: HeaderReader | null,
  ) {
    this.#describe = describe
    this.method = method
    this.managed = managed
    this.header = header
  }

  /** Says which route answers, and what its path names. */
  at(route: string, repository: RepositoryName | null, reference: Reference | null): void {
    this.#meter?.routed(route, this.route)
    this.route = route
    this.repository = repository
    this.reference = reference
  }

  /** Adds an observer; called with the report when the exchange has ended. It must not throw. */
  add(observer: RequestObserver): void {
    const first = this.#observer
    this.#observer = first === null ? observer : both(first, observer)
  }

  /** Has it counted, from now on. */
  countBy(meter: Meter): void {
    this.#meter = meter
    meter.began()
  }

  /** Reports the exchange. Harmless when repeated. */
  end(end: ExchangeEnd): void {
    if (this.#ended) return
    this.#ended = true
    const milliseconds = performance.now() - this.#began
    this.#meter?.ended(this, end, milliseconds)
    if (this.#observer === null) return
    const { status, bytesOut, cutShort } = end
    const { requestId, method, target, peer, userAgent } = this.#describe()
    // Each field by its name: a spread makes V8 lay out every report again, which costs 10 µs.
    this.#observer({
      requestId,
      method,
      target,
      route: this.route,
      repository: this.repository,
      reference: this.reference,
      principal: this.principal,
      rule: this.rule,
      digest: this.digest,
      trace: this.trace,
      // An adapter's peer answers by getters, which JSON leaves out.
      peer: { address: peer.address, secure: peer.secure },
      userAgent,
      status,
      errorCode: this.errorCode,
      bytesIn: this.bytesIn,
      bytesOut,
      milliseconds,
      cutShort,
    })
  }
}

function both(first: RequestObserver, second: RequestObserver): RequestObserver {
  return (report) => {
    first(report)
    second(report)
  }
}

/** The request itself carries it, as it does its peer. */
const key: unique symbol = Symbol('exchange')

type Observed = Request & { [key]?: Exchange }

/** Begins to observe a request that no adapter observes. */
export function observeHere(request: Request): Exchange {
  const describe = (): RequestHead => ({
    requestId: requestIdOf(request),
    method: request.method,
    target: targetOf(request.url),
    peer: peerOf(request),
    userAgent: request.headers.get('user-agent'),
  })
  const exchange = new Exchange(describe, false, request.method, null)
  setExchange(request, exchange)
  return exchange
}

/**
 * Begins to observe a request for an adapter, which calls {@link setExchange} before the registry sees
 * the request, and {@link Exchange.end} when the answer is out or the client is gone.
 *
 * @param describe called once, when the exchange has ended, for those who get a report
 * @param method as the report has it
 * @param header where the adapter reads a header faster than the request does
 */
export function beginExchange(
  describe: () => RequestHead,
  method: string,
  header: HeaderReader | null = null,
): Exchange {
  return new Exchange(describe, true, method, header)
}

/** Says which exchange a request belongs to. */
export function setExchange(request: Request, exchange: Exchange): void {
  const observed: Observed = request
  observed[key] = exchange
}

/** The exchange a request belongs to; null where it is not observed. */
export function exchangeOf(request: Request): Exchange | null {
  const observed: Observed = request
  return observed[key] ?? null
}

/**
 * Ends an exchange where no adapter reports when the answer is out: at once where the answer is complete,
 * and with the end of its body where that is a stream. Returns the answer to send.
 */
export function endWith(exchange: Exchange, response: Response, head: boolean): Response {
  const { status } = response
  const native = nativeBlob(response)
  // An adapter that takes the file reports the end; otherwise the body does.
  if (native !== null && response.body !== null) {
    const body = countedStream(response.body, status, exchange)
    const counted = new Response(body, { status, headers: response.headers })
    const ended = (bytesOut: number | null, cutShort: boolean | null): void =>
      exchange.end({ status, bytesOut, cutShort })
    setNativeBlob(counted, { ended, ...native })
    return counted
  }
  const bytesOut = head || status === 304 ? 0 : bodyLength(response)
  exchange.end({ status, bytesOut, cutShort: null })
  return response
}

/** The same bytes; the exchange ends with them. */
function countedStream(
  stream: ReadableStream<Uint8Array>,
  status: number,
  exchange: Exchange,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  let bytesOut = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            controller.close()
            exchange.end({ status, bytesOut, cutShort: false })
            return
          }
          bytesOut += value.byteLength
          controller.enqueue(value)
        } catch (error) {
          exchange.end({ status, bytesOut, cutShort: true })
          throw error
        }
      },
      async cancel(reason) {
        exchange.end({ status, bytesOut, cutShort: true })
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
