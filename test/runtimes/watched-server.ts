// Run by Bun and Deno, not by vitest: a registry behind the runtime's own adapter that also tells
// what reached it.
import { type Access, type Ask, createRegistry } from '../../src/index.ts'

const { serve } =
  'Bun' in globalThis
    ? await import('../../adapters/bun/index.ts')
    : await import('../../adapters/deno/index.ts')

const asked: Ask[] = []
const targets: string[] = []
const recording: Access = {
  authenticate: async () => null,
  authorize: async (_, asks) => {
    asked.push(...asks)
    return asks.map(() => ({ kind: 'allow' }))
  },
}
const registry = createRegistry({
  access: recording,
  limits: { manifestBytes: 1000, blobBytes: 1000 },
})

/** What was asked for since the last time, and every target that was taken for a request's. */
function told(): Response {
  return Response.json({ asks: asked.splice(0), targets })
}

const { url } = await serve(
  {
    fetch: (request: Request) => {
      if (request.url.endsWith('/what-was-asked')) return told()
      targets.push(request.url)
      return registry.fetch(request)
    },
  },
  { port: 0, timeouts: { keepAliveMs: 1_000 } },
)
process.stdout.write(`${url}\n`)
