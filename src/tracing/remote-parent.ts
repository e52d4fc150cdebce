import {
  type Context,
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api'
import type { HeaderReader } from '../ports/tracing.ts'
import { isOurs } from './live.ts'

/** The headers of a request. On Node, making a `Headers` of them costs as much as the rest of this. */
interface Carrier {
  readonly request: Request
  readonly header: HeaderReader | null
}

const headersOf: TextMapGetter<Carrier> = {
  keys: ({ request }) => [...request.headers.keys()],
  get: (carrier, name) => headerOf(carrier, name) ?? undefined,
}

function headerOf({ request, header }: Carrier, name: string): string | null {
  return header === null ? request.headers.get(name) : header(name.toLowerCase())
}

/**
 * The context of a request: that of the program's own span around it, such as one of an instrumented `node:http`,
 * otherwise what its headers say, as the SDK's propagator reads them, or where it has none, W3C Trace Context.
 */
export function remoteParent(request: Request, header: HeaderReader | null): Context {
  const active = context.active()
  // A request may begin where another ended.
  const base = active === ROOT_CONTEXT || isOurs(active) ? ROOT_CONTEXT : active
  if (base !== ROOT_CONTEXT && trace.getSpan(base) !== undefined) return base
  const carrier = { request, header }
  if (propagation.fields().length > 0) return propagation.extract(base, carrier, headersOf)
  const parent = parseTraceparent(headerOf(carrier, 'traceparent'))
  if (parent === null) return base
  const state = headerOf(carrier, 'tracestate')
  const more = state === null ? {} : { traceState: createTraceState(state.slice(0, 512)) }
  return trace.setSpanContext(base, { ...parent, ...more, isRemote: true })
}

/** What a `traceparent` names. */
export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  /** 1: sampled. */
  readonly traceFlags: number
}

const grammar =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Parses a `traceparent` (W3C Trace Context, section 3.2), also of a later version; null when invalid. */
export function parseTraceparent(text: string | null): TraceParent | null {
  const [, version, traceId, spanId, flags = '', more] = grammar.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return null
  if (version === '00' && more !== undefined) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 }
}
