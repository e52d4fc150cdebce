import { context, propagation, trace } from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  type BasicTracerProvider,
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'

/** A span that has ended. */
export interface Recorded {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | undefined
  readonly span: ReadableSpan
}

/** An SDK that keeps its spans here. */
export interface RecordingSdk {
  readonly provider: BasicTracerProvider
  spans(): readonly Recorded[]
  /** The names of spans below a span, and of those below them. */
  tree(spanId: string): object
}

/** Makes an SDK and registers nothing. */
export function recordingSdk(root: Sampler = new AlwaysOnSampler()): RecordingSdk {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const spans = (): readonly Recorded[] =>
    exporter.getFinishedSpans().map((span) => {
      const { traceId, spanId } = span.spanContext()
      return { name: span.name, traceId, spanId, parent: span.parentSpanContext?.spanId, span }
    })
  const tree = (spanId: string): object =>
    Object.fromEntries(
      spans()
        .filter(({ parent }) => parent === spanId)
        .map((child) => [child.name, tree(child.spanId)]),
    )
  return { provider, spans, tree }
}

/** Registers the SDK as the process's own; what is returned ends that. */
export function registered({ provider }: RecordingSdk): () => void {
  ;(provider as NodeTracerProvider).register()
  return () => {
    trace.disable()
    context.disable()
    propagation.disable()
  }
}
