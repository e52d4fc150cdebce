// A registry in an h3 v2 app. `mount` cuts its path off the requests: `stripped` says so.
import { H3, serve } from 'h3'
import { createRegistry } from 'layerdock'

const registry = createRegistry({ stripped: '/v2' })
const app = new H3()
app.get('/', () => 'my app, with a registry under /v2')
app.mount('/v2', registry.fetch)
export const server: ReturnType<typeof serve> = serve(app, {
  port: Number(process.env.PORT ?? 3000),
  // Node would cut a push that takes longer than five minutes.
  node: { requestTimeout: 0 },
})
