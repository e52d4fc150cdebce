import type { Tracing } from '../../src/index.ts'
import type { TracingSettings } from './tracing-settings.ts'

/** Where every copy of OpenTelemetry's API of version 1 finds what an SDK has registered. */
const registered = Symbol.for('opentelemetry.js.api.1')

/**
 * Spans, where an SDK was registered before the program began (`--import`, `--preload`, `OTEL_DENO`). Everybody else
 * loads nothing for it.
 */
export async function servedTracing({
  traceSample,
}: TracingSettings): Promise<Tracing | undefined> {
  const { [registered]: api } = globalThis as {
    readonly [registered]?: { readonly trace?: unknown }
  }
  if (api?.trace === undefined) return undefined
  const { tracing } = await import('../../src/tracing/index.ts')
  return tracing({ sample: traceSample })
}
