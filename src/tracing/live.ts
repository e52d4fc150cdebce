import { type Context, context, createContextKey, type Span, trace } from '@opentelemetry/api'
import type { CallContext } from '../ports/call-context.ts'
import type { TracePlace } from '../ports/tracing.ts'

/** What spans below one request, or below one call of a program, ask: whether that is still under way. */
export interface Live {
  ended: boolean
}

const liveKey = createContextKey('layerdock: what is under way')

/** The contexts of requests by their places: for calls that the runtime's own context does not reach. */
const contexts: WeakMap<TracePlace, Context> = new WeakMap()

/** The context of what runs within a span of ours. */
export function within(parent: Context, span: Span, live: Live): Context {
  return trace.setSpan(parent, span).setValue(liveKey, live)
}

/**
 * What is under way in a context; null where nothing is. A timer that a request began keeps its context, and so may a
 * request that began when another ended: those are not part of it.
 */
export function liveIn(active: Context): Live | null {
  const live = active.getValue(liveKey) as Live | undefined
  return live === undefined || live.ended ? null : live
}

/** Whether a context comes from a span of ours, also from one that has ended. */
export function isOurs(active: Context): boolean {
  return active.getValue(liveKey) !== undefined
}

/** The place of a span, by which {@link parentOf} finds its context again. */
export function placeIn(inner: Context, span: Span): TracePlace {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const place = { traceId, spanId, isSampled: (traceFlags & 1) === 1 }
  contexts.set(place, inner)
  return place
}

/**
 * The context that a call is made in: the runtime's own, where that is of something under way, or of the program's own
 * span; otherwise the one of the request that the call is made for.
 */
export function parentOf(call: CallContext): Context {
  const active = context.active()
  if (isOurs(active) ? liveIn(active) !== null : trace.getSpan(active) !== undefined) return active
  const of = call.trace == null ? undefined : contexts.get(call.trace)
  return of ?? trace.deleteSpan(active)
}

/** Whether spans below a context are recorded: below none, the sampler of a new trace decides. */
export function isRecorded(parent: Context): boolean {
  const span = trace.getSpan(parent)
  return span === undefined || span.isRecording() || (span.spanContext().traceFlags & 1) === 1
}
