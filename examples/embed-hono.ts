// A registry inside your own Hono app: `docker push localhost:3000/anything` lands in this process.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createRegistry } from 'layerdock'

const app = new Hono()
app.get('/', (c) => c.text('my app, with a registry under /v2'))
app.route('/', createRegistry().app)
export const server: ReturnType<typeof serve> = serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  // Node would cut a push that takes longer than five minutes.
  serverOptions: { requestTimeout: 0 },
})
