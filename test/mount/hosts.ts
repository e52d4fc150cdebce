import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveHono } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { H3, serve as serveH3 } from 'h3'
import { Hono } from 'hono'
import { createListener } from 'layerdock/node'
import type { Registry } from '../../src/registry.ts'

/** A server with a registry in it, on a free port of loopback. */
export interface Hosting {
  readonly origin: string
  close(): Promise<void>
}

/** One way to mount a registry in a server, with the options that the registry needs for it. */
export interface Host {
  readonly name: string
  readonly prefix?: string
  readonly stripped?: string
  start(registry: Registry): Promise<Hosting>
}

/** Every recipe that Node can run, with every possible cut of the path. */
export const hosts: readonly Host[] = [
  {
    name: 'node:http',
    start: (registry) => listen(createServer(createListener(registry))),
  },
  {
    name: 'node:http below a path',
    prefix: '/registry',
    start(registry) {
      const answer = createListener(registry)
      return listen(
        createServer((incoming, outgoing) => {
          if (incoming.url?.startsWith('/registry/v2')) answer(incoming, outgoing)
          else outgoing.end('home')
        }),
      )
    },
  },
  {
    name: 'Express use at /v2',
    stripped: '/v2',
    start: (registry) => listenExpress((app) => app.use('/v2', createListener(registry))),
  },
  {
    name: 'Express use at /registry',
    prefix: '/registry',
    stripped: '/registry',
    start: (registry) => listenExpress((app) => app.use('/registry', createListener(registry))),
  },
  {
    name: 'Express use at /registry/v2',
    prefix: '/registry',
    stripped: '/registry/v2',
    start: (registry) => listenExpress((app) => app.use('/registry/v2', createListener(registry))),
  },
  {
    name: 'Express all',
    start: (registry) => listenExpress((app) => app.all('/v2{/*path}', createListener(registry))),
  },
  { name: 'Fastify', start: (registry) => listenFastify(registry, '') },
  {
    name: 'Fastify below a path',
    prefix: '/registry',
    start: (registry) => listenFastify(registry, '/registry'),
  },
  {
    name: 'h3 mount at /v2',
    stripped: '/v2',
    start: (registry) => listenH3((app) => app.mount('/v2', fetcher(registry))),
  },
  {
    name: 'h3 mount at /registry',
    prefix: '/registry',
    stripped: '/registry',
    start: (registry) => listenH3((app) => app.mount('/registry', fetcher(registry))),
  },
  {
    name: 'h3 all',
    start: (registry) => listenH3((app) => app.all('/v2/**', (event) => registry.fetch(event.req))),
  },
  {
    name: 'Hono route',
    start: (registry) => listenHono((app) => app.route('/', registry.app)),
  },
  {
    name: 'Hono route with a prefix',
    prefix: '/registry',
    start: (registry) => listenHono((app) => app.route('/', registry.app)),
  },
  {
    name: 'Hono mount at /v2',
    stripped: '/v2',
    start: (registry) => listenHono((app) => app.mount('/v2', registry.fetch)),
  },
  {
    name: 'Hono mount at /registry',
    prefix: '/registry',
    stripped: '/registry',
    start: (registry) => listenHono((app) => app.mount('/registry', registry.fetch)),
  },
]

const fetcher =
  (registry: Registry) =>
  (request: Request): Response | Promise<Response> =>
    registry.fetch(request)

/** Serves a Node listener. */
export function listenOn(listener: RequestListener): Promise<Hosting> {
  return listen(createServer(listener))
}

/** Serves an Express app after `mount` has added to it. */
export function listenExpress(mount: (app: express.Express) => unknown): Promise<Hosting> {
  const app = express()
  mount(app)
  app.use(express.json({ type: '*/*' }))
  app.use((_, response) => {
    response.status(404).send('not the registry')
  })
  return listenOn(app)
}

async function listenFastify(registry: Registry, prefix: string): Promise<Hosting> {
  const answer = createListener(registry)
  const app = fastify({ forceCloseConnections: true })
  app.register(async (routes) => {
    routes.removeAllContentTypeParsers()
    routes.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const path of [`${prefix}/v2`, `${prefix}/v2/*`]) {
      routes.all(path, (request, reply) => {
        reply.hijack()
        answer(request.raw, reply.raw)
      })
    }
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, close: () => app.close() }
}

/** Serves an h3 app after `mount` has added to it. */
export async function listenH3(mount: (app: H3) => unknown): Promise<Hosting> {
  const app = new H3()
  mount(app)
  const server = serveH3(app, { port: 0, hostname: '127.0.0.1', silent: true })
  await server.ready()
  return { origin: (server.url ?? '').replace(/\/$/, ''), close: () => server.close(true) }
}

/** Serves a Hono app with a route and a middleware of its own, after `mount` has added to it. */
export function listenHono(mount: (app: Hono) => unknown): Promise<Hosting> {
  const app = new Hono()
  app.use('*', async (_, next) => next())
  mount(app)
  app.get('/:page', (context) => context.text('not the registry', 404))
  const options = { fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }
  return listening(serveHono(options) as Server)
}

/** Makes a server listen on a free port of loopback. */
export function listen(server: Server): Promise<Hosting> {
  return listening(server.listen(0, '127.0.0.1'))
}

async function listening(server: Server): Promise<Hosting> {
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      return closed.then(() => {})
    },
  }
}
