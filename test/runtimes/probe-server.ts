// Run by Bun and Deno, not by vitest: a probe behind the runtime's own adapter, with options as JSON.
import { probe } from './probe.ts'

const { serve } =
  'Bun' in globalThis
    ? await import('../../adapters/bun/index.ts')
    : await import('../../adapters/deno/index.ts')

const { url } = await serve(probe(), { port: 0, ...JSON.parse(process.argv[2] ?? '{}') })
process.stdout.write(`${url}\n`)
