// Registers OpenTelemetry's SDK before `layerdock serve` begins, which then makes spans:
//
//   npm install @opentelemetry/api @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-http
//   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 NODE_OPTIONS='--import ./otel.mjs' npx layerdock serve
//
// On Bun: `bun --preload ./otel.mjs …/layerdock/dist/adapters/cli/main.js serve`. Deno has an SDK of its own and needs
// none of this: `OTEL_DENO=true deno run …`.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'

// One in ten, and every request of a client whose own trace is recorded.
const ratio = Number(process.env.OTEL_TRACES_SAMPLER_ARG ?? 0.1)

const provider = new NodeTracerProvider({
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.register()

// What waits is sent before the process ends.
process.once('beforeExit', () => void provider.shutdown())
