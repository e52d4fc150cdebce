// Run by Bun and Deno, not by vitest: a registry behind the runtime's own adapter that records the
// requests that reach it.
import { watchedRegistry } from './watched-registry.ts'

const { serve } =
  'Bun' in globalThis
    ? await import('../../adapters/bun/index.ts')
    : await import('../../adapters/deno/index.ts')

const { url } = await serve(
  { fetch: watchedRegistry() },
  // Deno waits for a body that a client sends only when it is told to go on.
  { port: 0, timeouts: { keepAliveMs: 1_000, stallMs: 4_000 } },
)
process.stdout.write(`${url}\n`)
