import { context, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { BlobStore, StagedBlob } from '../ports/blob-store.ts'
import { liveIn, within } from './live.ts'
import { aroundMethods } from './methods.ts'
import { endWith } from './spans.ts'

type Method = (...words: unknown[]) => unknown

/** What is no call for a caller, or gives more than a promise. */
const untraced: ReadonlySet<string> = new Set([
  'check',
  'close',
  'figures',
  'list',
  'read',
  'write',
])

/**
 * The same store with a span for each call, where that is made for a request or a call that is recorded. What is done
 * beside them makes none.
 *
 * @param label stands before the method in the name of a span
 */
export function tracedStore<T extends object>(tracer: Tracer, label: string, store: T): T {
  return aroundMethods(store, (name, method) =>
    untraced.has(name) ? method : traced(tracer, `${label}.${name}`, method as Method),
  )
}

/** The same for blobs, and for those that are being written. */
export function tracedBlobs(tracer: Tracer, store: BlobStore): BlobStore {
  const blobs = tracedStore(tracer, 'blobs', store)
  const { stage } = blobs
  return {
    ...blobs,
    stage: async (...words) => {
      const staged = await stage(...words)
      // A request that is not recorded writes as fast as ever.
      return isWithin() ? tracedStore<StagedBlob>(tracer, 'blobs', staged) : staged
    },
  }
}

function traced(tracer: Tracer, name: string, method: Method): Method {
  return (...words) => {
    const active = context.active()
    const live = liveIn(active)
    if (live === null || trace.getSpan(active)?.isRecording() !== true) return method(...words)
    const span = tracer.startSpan(name, {}, active)
    return endWith(span, () =>
      context.with(within(active, span, live), method, undefined, ...words),
    )
  }
}

/** A span of a call that has just ended. */
export function calledSpan(tracer: Tracer, name: string, seconds: number, isFailed: boolean): void {
  if (!isWithin()) return
  const endTime = performance.timeOrigin + performance.now()
  const startTime = endTime - seconds * 1000
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime }, context.active())
  if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(endTime)
}

function isWithin(): boolean {
  const active = context.active()
  return liveIn(active) !== null && trace.getSpan(active)?.isRecording() === true
}
