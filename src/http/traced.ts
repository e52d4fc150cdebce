import { callSafely } from '../oci/call-safely.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { RequestSpan, TracePlace, Tracing } from '../ports/tracing.ts'
import { type Exchange, exchangeOf } from './exchange.ts'

/** What tracing a request takes. */
export interface TracedDeps {
  /** Null where nothing is traced. */
  readonly tracing: Tracing | null
  readonly onNotice: NoticeSink
}

/** Answers a request within a span of its own, which ends with its exchange. A tracer that throws traces nothing. */
export function inSpan<T>(
  { tracing, onNotice }: TracedDeps,
  request: Request,
  route: string | null,
  work: () => T,
): T {
  const exchange = exchangeOf(request)
  if (tracing === null || exchange === null) return work()
  const failed = (error: unknown): void =>
    onNotice({ kind: 'callback-failure', callback: 'tracing', error })
  let span: RequestSpan
  try {
    span = tracing.request(request, route, exchange.header)
  } catch (error) {
    failed(error)
    return work()
  }
  exchange.trace = span.place
  const { end } = span
  if (end !== null) exchange.add((report) => callSafely(() => end(report), failed))
  return span.run(work)
}

/** The span of a request; null where it has none. */
export function placeOf(exchange: Exchange | null): TracePlace | null {
  return exchange === null ? null : exchange.trace
}
