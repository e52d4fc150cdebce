// A registry in a Fastify 5 app: in a plugin, so that only its routes have no body parsers.
import { type FastifyInstance, fastify } from 'fastify'
import { createRegistry } from 'layerdock'
import { createListener } from 'layerdock/node'

const answer = createListener(createRegistry())
// Node would cut a push that takes longer than five minutes.
export const app: FastifyInstance = fastify({ requestTimeout: 0 })
app.get('/', () => 'my app, with a registry under /v2')
app.register(async (routes) => {
  routes.removeAllContentTypeParsers()
  routes.addContentTypeParser('*', (_request, _body, done) => done(null))
  for (const path of ['/v2', '/v2/*']) {
    routes.all(path, (request, reply) => {
      reply.hijack()
      answer(request.raw, reply.raw)
    })
  }
})
await app.listen({ port: Number(process.env.PORT ?? 3000) })
