import express from 'express'
import { fastify } from 'fastify'
import { createListener } from 'layerdock/node'
import { createUi, type Ui } from 'layerdock/ui'
import { expect, test } from 'vitest'
import { errorRows } from '../../src/oci/error-codes.ts'
import { createRegistry } from '../../src/registry.ts'
import { expectPage } from '../page/served-page.ts'
import { type Hosting, listenExpress, listenH3, listenHono, listenOn } from './hosts.ts'
import { clientAt } from './over-the-wire.ts'

/** A server with a registry and its page in it. */
interface PageHost {
  readonly name: string
  readonly prefix?: string
  readonly stripped?: string
  start(page: Ui): Promise<Hosting>
}

const prefix = '/registry'
const both = { prefix, stripped: prefix }

const hosts: readonly PageHost[] = [
  { name: 'node:http', start: (page) => listenOn(createListener(page)) },
  { name: 'node:http below a path', prefix, start: (page) => listenOn(createListener(page)) },
  {
    name: 'Express use',
    start: (page) => listenExpress((app) => app.use(createListener(page))),
  },
  {
    name: 'Express use at a path',
    ...both,
    start: (page) => listenExpress((app) => app.use(prefix, createListener(page))),
  },
  { name: 'Fastify', start: (page) => listenFastify(page, '') },
  { name: 'Fastify below a path', prefix, start: (page) => listenFastify(page, prefix) },
  {
    name: 'h3 mount at a path',
    ...both,
    start: (page) => listenH3((app) => app.mount(prefix, (request) => page.fetch(request))),
  },
  {
    name: 'h3 all',
    start: (page) => listenH3((app) => app.all('/**', (event) => page.fetch(event.req))),
  },
  {
    name: 'Hono mount at a path',
    ...both,
    start: (page) => listenHono((app) => app.mount(prefix, page.fetch)),
  },
  {
    name: 'Hono all',
    prefix,
    start: (page) =>
      listenHono((app) => app.all(`${prefix}/*`, (context) => page.fetch(context.req.raw))),
  },
]

async function listenFastify(page: Ui, below: string): Promise<Hosting> {
  const answer = createListener(page)
  const app = fastify({ forceCloseConnections: true })
  app.register(async (routes) => {
    routes.removeAllContentTypeParsers()
    routes.addContentTypeParser('*', (_request, _body, done) => done(null))
    routes.all(`${below}/*`, (request, reply) => {
      reply.hijack()
      answer(request.raw, reply.raw)
    })
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, close: () => app.close() }
}

test.each(hosts)('the page in $name', async ({ start, name: _, ...place }) => {
  const registry = createRegistry(place)
  const page = createUi(registry, place)
  const { origin, close } = await start(page)
  try {
    const base = `${origin}${place.prefix ?? ''}`
    await clientAt(base).pushImage('team/app', 'latest')
    await expectPage(base, 'team/app')
    // A change, in the form that a browser sends, of what the view has shown.
    const url = `${base}/_layerdock/delete/team/app:latest`
    const view = await fetch(url, { headers: { Accept: 'application/json' } })
    const { seen } = (await view.json()) as { readonly seen: string }
    const body = new URLSearchParams({ seen })
    const deletion = await fetch(url, { method: 'POST', headers: { origin }, body })
    expect(deletion.status).toBe(200)
    await deletion.body?.cancel()
    const tags = await clientAt(base).send('GET', '/v2/team/app/tags/list')
    expect(await tags.json()).toMatchObject({ tags: [] })
  } finally {
    page.close()
    await close()
  }
})

test('a form that a body parser has read is refused, and says why', async () => {
  const page = createUi(createRegistry())
  const { origin, close } = await listenExpress((app) =>
    app.use(express.urlencoded(), createListener(page)),
  )
  try {
    const answer = await fetch(`${origin}/_layerdock/delete/team/app`, {
      method: 'POST',
      headers: { origin, Accept: 'application/json' },
      body: new URLSearchParams({ seen: 'all' }),
    })
    const { status, message } = errorRows.bodyConsumed
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(message)])
  } finally {
    await close()
  }
})

test('the path of a page is good without its last slash', async () => {
  const page = createUi(createRegistry({ prefix }), { prefix })
  const ask = async (path: string): Promise<number> => {
    const headers = { Accept: 'text/html' }
    return (await page.fetch(new Request(`http://h${path}`, { headers }))).status
  }
  expect(await Promise.all(['/registry', '/registry/', '/registryx', '/'].map(ask))).toEqual([
    200, 200, 404, 404,
  ])
})
