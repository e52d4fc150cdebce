// A registry in an Elysia app on Bun. `mount` cuts its path off the requests: `stripped` says so.
import { Elysia } from 'elysia'
import { createRegistry } from 'layerdock'

const registry = createRegistry({ stripped: '/v2' })
export const app: { readonly server: { readonly port?: number } | null } = new Elysia({
  // By default Bun refuses bodies over 128 MiB, and closes connections that are silent for 10 s.
  serve: { maxRequestBodySize: Number.POSITIVE_INFINITY, idleTimeout: 60 },
})
  .get('/', () => 'my app, with a registry under /v2')
  .mount('/v2', registry.fetch)
  .listen(Number(process.env.PORT ?? 3000))
