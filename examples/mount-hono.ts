// A registry in a Hono app, below a path of its own. `mount` cuts the path off the requests, while
// `app.route('/', registry.app)` (see embed-hono.ts) does not.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createRegistry } from 'layerdock'

const registry = createRegistry({ prefix: '/registry', stripped: '/registry' })
const app = new Hono()
app.get('/', (context) => context.text('my app, with a registry under /registry/v2'))
app.mount('/registry', registry.fetch)
export const server: ReturnType<typeof serve> = serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  // Node would cut a push that takes longer than five minutes.
  serverOptions: { requestTimeout: 0 },
})
