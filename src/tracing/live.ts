import { type Context, createContextKey, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import type { CallContext } from '../ports/call-context.ts'
import type { TracePlace } from '../ports/tracing.ts'

/** What spans below one request, or below one call of a program, ask: whether that is still under way. */
export interface Live {
  ended: boolean
}

/** Of a request that is not recorded: nothing below it is. */
export const unrecorded: Live = { ended: true }

const liveKey = createContextKey('layerdock: what is under way')
const spanKey = keyOfSpans()

/** The key under which the API keeps the span of a context. */
function keyOfSpans(): symbol | null {
  let found: symbol | null = null
  const probe: Context = {
    getValue: () => undefined,
    setValue(key) {
      found = key
      return probe
    },
    deleteValue: () => probe,
  }
  trace.setSpanContext(probe, { traceId: '', spanId: '', traceFlags: 0 })
  return found
}

/** A context with one more value. The API's own copies all the others for each, and every request makes one. */
class WithValue implements Context {
  readonly #parent: Context
  readonly #key: symbol
  readonly #value: unknown

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new WithValue(this, key, value)
  }

  deleteValue(key: symbol): Context {
    return new WithValue(this, key, undefined)
  }
}

/** The context of what runs within a span of ours. */
class WithinSpan implements Context {
  readonly #parent: Context
  readonly #span: Span
  readonly live: Live

  constructor(parent: Context, span: Span, live: Live) {
    this.#parent = parent
    this.#span = span
    this.live = live
  }

  getValue(key: symbol): unknown {
    if (key === spanKey) return this.#span
    return key === liveKey ? this.live : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new WithValue(this, key, value)
  }

  deleteValue(key: symbol): Context {
    return new WithValue(this, key, undefined)
  }
}

/** The context of what runs within a span of ours. */
export function within(parent: Context, span: Span, live: Live): Context {
  return new WithinSpan(parent, span, live)
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

/** The place of a span. */
export class Place implements TracePlace {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
  /** For calls that the runtime's own context does not reach. */
  readonly #context: Context

  /** @param inner the context of what runs within the span */
  constructor(inner: Context, span: Span) {
    const { traceId, spanId, traceFlags } = span.spanContext()
    this.traceId = traceId
    this.spanId = spanId
    this.isSampled = (traceFlags & 1) === 1
    this.#context = inner
  }

  static contextOf(place: TracePlace | null | undefined): Context | undefined {
    return place instanceof Place ? place.#context : undefined
  }
}

/**
 * The context that a call is made in: the runtime's own, where that is of something under way, or of the program's own
 * span; otherwise the one of the request that the call is made for.
 */
export function parentOf(call: CallContext, active: Context): Context {
  if (isInSpan(active)) return active
  return Place.contextOf(call.trace) ?? trace.deleteSpan(active)
}

/** Whether a context is of something of ours under way, or of a span of the program's own. */
export function isInSpan(active: Context): boolean {
  // Most calls have this one: to know it is cheaper than to look for a span.
  if (active === ROOT_CONTEXT) return false
  return isOurs(active) ? liveIn(active) !== null : trace.getSpan(active) !== undefined
}

/** Whether a call is made within a request of ours that is not recorded. */
export function isUnrecorded(active: Context): boolean {
  return active instanceof WithinSpan && active.live === unrecorded
}

/** Whether spans below a context are recorded: below none, the sampler of a new trace decides. */
export function isRecorded(parent: Context): boolean {
  const span = trace.getSpan(parent)
  return span === undefined || span.isRecording() || (span.spanContext().traceFlags & 1) === 1
}
