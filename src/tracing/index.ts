import { ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api'
import type { Tracing } from '../ports/tracing.ts'
import { requestSpan } from './request-span.ts'
import { tracedService } from './service-spans.ts'
import { calledSpan, tracedBlobs, tracedStore } from './store-spans.ts'

export type * from '../ports/tracing.ts'

/** Where spans go. */
export interface TracingOptions {
  /** Default: the provider that an SDK has registered. */
  readonly provider?: TracerProvider
}

/**
 * Spans of OpenTelemetry for requests, for calls of the service, and for calls of the stores. A `traceparent` of a
 * client is honoured. Store calls have spans where the SDK has a context manager, as those of Node, Bun and Deno do.
 *
 * Register the SDK first: where no provider is registered there is nothing to trace, and this is undefined.
 *
 * @example
 * new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }).register()
 * const registry = await openRegistry({ directory: './registry-data', tracing: tracing() })
 */
export function tracing({ provider = registered() }: TracingOptions = {}): Tracing | undefined {
  if (provider === undefined) return undefined
  const tracer = provider.getTracer('layerdock')
  return {
    request: (request, route, header) => requestSpan(tracer, request, route, header ?? null),
    service: (service) => tracedService(tracer, service),
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
