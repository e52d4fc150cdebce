import { ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api'
import type { Tracing } from '../ports/tracing.ts'
import { requestSpans } from './request-span.ts'
import { tracedService } from './service-spans.ts'
import { calledSpan, tracedBlobs, tracedStore } from './store-spans.ts'

export type * from '../ports/tracing.ts'

/** Where spans go. */
export interface TracingOptions {
  /** Default: the provider that an SDK has registered. */
  readonly provider?: TracerProvider
  /**
   * The share, from 0 to 1, of the requests without a parent that get a span; the SDK's sampler decides about the
   * rest of their way. A request that gets none costs next to nothing, where asking an SDK costs about a microsecond.
   * A program's own call of the service always begins a trace. One on behalf of a principal, outside a request and a
   * span, begins one only where this is 1. Default: 1.
   */
  readonly sample?: number
}

/**
 * Spans of OpenTelemetry for requests, for calls of the service, and for calls of the stores. A `traceparent` of a
 * client is honoured. Store calls have spans where the SDK has a context manager, as those of Node, Bun and Deno do.
 *
 * Register the SDK first: where no provider is registered there is nothing to trace, and this is undefined.
 *
 * @throws TypeError for a `sample` that is no share
 *
 * @example
 * new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }).register()
 * const registry = await openRegistry({ directory: './registry-data', tracing: tracing() })
 */
export function tracing({
  provider = registered(),
  sample = 1,
}: TracingOptions = {}): Tracing | undefined {
  if (!(sample >= 0 && sample <= 1)) throw new TypeError(`\`sample\` is not from 0 to 1: ${sample}`)
  if (provider === undefined) return undefined
  const tracer = provider.getTracer('layerdock')
  return {
    request: requestSpans(tracer, sample),
    service: (service) => tracedService(tracer, service, sample),
    metadata: (store) => tracedStore(tracer, 'metadata', store),
    blobs: (store) => tracedBlobs(tracer, store),
    uploads: (store) => tracedStore(tracer, 'uploads', store),
    called: (name, seconds, isFailed) => calledSpan(tracer, name, seconds, isFailed),
  }
}

/** The API's own provider stands for one that is not there, and makes nothing. */
function registered(): TracerProvider | undefined {
  const found = trace.getTracerProvider()
  if (!(found instanceof ProxyTracerProvider)) return found
  return found.getDelegate() === new ProxyTracerProvider().getDelegate() ? undefined : found
}
