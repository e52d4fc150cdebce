import { fileURLToPath } from 'node:url'
import { type Program, programFor, type Runtime } from '../cli/program.ts'

const example = fileURLToPath(new URL('../../examples/tracing/otel.mjs', import.meta.url))

/** The program with an SDK that the operator brings, or that the runtime has. */
export async function withSdk(runtime: Runtime, endpoint: string): Promise<Program> {
  const program = await programFor(runtime)
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER_ARG: '1',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  }
  const [executable = '', ...words] = program.command
  if (runtime === 'node') {
    return { ...program, environment: { ...environment, NODE_OPTIONS: `--import ${example}` } }
  }
  if (runtime === 'bun') {
    return { ...program, environment, command: [executable, '--preload', example, ...words] }
  }
  const deno = { OTEL_DENO: 'true', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  return { ...program, environment: { ...environment, ...deno } }
}
