import { type EventSink, errorRows } from '../../../src/index.ts'
import type { Exchange, ExchangeEnd, Histogram, Meter } from '../../../src/kit.ts'
import { handlerOf, methodOf } from './handlers.ts'
import type { HistogramMetric } from './histogram-metric.ts'
import type { MetricSet, Sample } from './metric-set.ts'
import { requestNames as names } from './names.ts'
import { Tally } from './tally.ts'

/** What counts requests. */
export interface RequestMetrics {
  readonly meter: Meter
  readonly onEvent: EventSink
}

/** The code of a request whose client left before there was an answer, as nginx writes it. */
const clientLeft = 499

/** Routes are ours, and few. Should one hold what a client sent, no more than these are remembered. */
const mostRoutes = 200

/**
 * Counts requests.
 *
 * @param mostRepositories whose bytes are counted by themselves; 0: none are counted
 */
export function requestMetrics(set: MetricSet, mostRepositories: number): RequestMetrics {
  const histograms: Histograms = {
    durations: set.histogram(names.durations),
    requestSizes: set.histogram(names.requestSizes),
    responseSizes: set.histogram(names.responseSizes),
  }
  const byHandler: Map<string, HandlerCounts> = new Map()
  const byRoute: Map<string | null, HandlerCounts> = new Map()
  const errors = new Tally('error', new Set(Object.values(errorRows).map(({ code }) => code)).size)
  const events = new Tally('event')
  const received = new Tally('repository', mostRepositories)
  const sent = new Tally('repository', mostRepositories)

  function countsOf(route: string | null): HandlerCounts {
    const found = byRoute.get(route)
    if (found !== undefined) return found
    const handler = handlerOf(route)
    const counts = byHandler.get(handler) ?? new HandlerCounts(handler, histograms)
    byHandler.set(handler, counts)
    if (byRoute.size < mostRoutes) byRoute.set(route, counts)
    return counts
  }

  const all = (samples: (counts: HandlerCounts) => readonly Sample[]): readonly Sample[] =>
    [...byHandler.values()].flatMap(samples)
  set.read(names.requests, () => all((counts) => counts.requests()))
  set.read(names.inFlight, () => all((counts) => counts.one(counts.inFlight)))
  set.read(names.aborted, () => all((counts) => counts.one(counts.aborted)))
  set.read(names.errors, () => errors.read())
  set.read(names.events, () => events.read())
  if (mostRepositories > 0) {
    set.read(names.received, () => received.read())
    set.read(names.sent, () => sent.read())
  }

  return {
    meter: {
      began() {
        countsOf(null).inFlight += 1
      },
      routed(route, before) {
        countsOf(before).inFlight -= 1
        countsOf(route).inFlight += 1
      },
      ended(exchange, end, milliseconds) {
        const counts = countsOf(exchange.route)
        counts.inFlight -= 1
        counts.add(exchange, end, milliseconds)
        const { errorCode, repository, bytesIn } = exchange
        if (errorCode !== null) errors.add(errorCode)
        const { status, bytesOut } = end
        // A name that is asked for and not there takes no place.
        if (mostRepositories === 0 || repository === null || (status ?? 400) >= 400) return
        if (bytesIn > 0) received.add(repository, bytesIn)
        if (bytesOut !== null && bytesOut > 0) sent.add(repository, bytesOut)
      },
    },
    onEvent: ({ kind }) => events.add(kind),
  }
}

interface Histograms {
  readonly durations: HistogramMetric
  readonly requestSizes: HistogramMetric
  readonly responseSizes: HistogramMetric
}

/** What is counted of the requests with one method. */
interface MethodCounts {
  readonly durations: Histogram
  readonly byCode: Map<number, number>
}

/** What is counted of the requests of one handler. */
class HandlerCounts {
  readonly #handler: string
  readonly #durations: HistogramMetric
  readonly #requestSizes: Histogram
  readonly #responseSizes: Histogram
  readonly #byMethod: Map<string, MethodCounts> = new Map()
  /** Requests that have not ended. */
  inFlight = 0
  /** Requests whose client left before the end. */
  aborted = 0

  constructor(handler: string, { durations, requestSizes, responseSizes }: Histograms) {
    this.#handler = handler
    this.#durations = durations
    this.#requestSizes = requestSizes.add({ handler })
    this.#responseSizes = responseSizes.add({ handler })
  }

  add({ method, bytesIn }: Exchange, end: ExchangeEnd, milliseconds: number): void {
    const { status, bytesOut, cutShort } = end
    const counts = this.#ofMethod(methodOf(method))
    const code = status ?? clientLeft
    counts.byCode.set(code, (counts.byCode.get(code) ?? 0) + 1)
    counts.durations.add(milliseconds / 1000)
    this.#requestSizes.add(bytesIn)
    this.#responseSizes.add(bytesOut ?? 0)
    if (cutShort === true) this.aborted += 1
  }

  requests(): readonly Sample[] {
    const handler = this.#handler
    return [...this.#byMethod].flatMap(([method, { byCode }]) =>
      [...byCode].map(([code, value]) => ({
        labels: { handler, method, code: String(code) },
        value,
      })),
    )
  }

  /** A value of this handler. */
  one(value: number): readonly Sample[] {
    return [{ labels: { handler: this.#handler }, value }]
  }

  #ofMethod(method: string): MethodCounts {
    const found = this.#byMethod.get(method)
    if (found !== undefined) return found
    const durations = this.#durations.add({ handler: this.#handler, method })
    const made = { durations, byCode: new Map() }
    this.#byMethod.set(method, made)
    return made
  }
}
