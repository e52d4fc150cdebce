import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span, as it was exported. */
export interface ExportedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty for a span without a parent. */
  readonly parentSpanId: string
  readonly name: string
  /** 2: server; 1: internal. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** 2: an error. */
  readonly status: number
  /** What made it. */
  readonly scope: string
}

/** A receiver of OTLP over HTTP, as JSON. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  /** What has come so far, as it came. */
  text(): string
  /** The spans that have come so far. */
  spans(): readonly ExportedSpan[]
  /** Resolves with the spans once there are enough. */
  until(enough: (spans: readonly ExportedSpan[]) => boolean): Promise<readonly ExportedSpan[]>
  close(): Promise<void>
}

/** Starts a receiver on a free port of loopback. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ExportedSpan[] = []
  const waiting: Set<() => void> = new Set()
  let text = ''
  const server = createServer(async (request, response) => {
    const body = await textOf(request)
    if (request.url === '/v1/traces') {
      text += body
      spans.push(...spansIn(JSON.parse(body)))
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
    for (const look of waiting) look()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    text: () => text,
    spans: () => spans,
    until: (enough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!enough(spans)) return
          waiting.delete(look)
          resolve(spans)
        }
        waiting.add(look)
        look()
      }),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly boolValue?: boolean
  readonly doubleValue?: number
}

/** What an ExportTraceServiceRequest has of a span. */
interface OtlpSpan extends Omit<ExportedSpan, 'attributes' | 'status' | 'scope'> {
  readonly attributes?: ReadonlyArray<{ readonly key: string; readonly value: Value }>
  readonly status?: { readonly code?: number }
}

interface OtlpRequest {
  readonly resourceSpans?: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{
      readonly scope?: { readonly name?: string }
      readonly spans: readonly OtlpSpan[]
    }>
  }>
}

function spansIn({ resourceSpans = [] }: OtlpRequest): readonly ExportedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, kind, attributes = [], status }) => ({
        ...{ traceId, spanId, parentSpanId, name, kind },
        attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)])),
        status: status?.code ?? 0,
        scope: scope?.name ?? '',
      })),
    ),
  )
}

function readValue({ stringValue, intValue, boolValue, doubleValue }: Value): unknown {
  if (intValue !== undefined) return Number(intValue)
  return stringValue ?? boolValue ?? doubleValue
}
