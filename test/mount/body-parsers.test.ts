import express from 'express'
import { type FastifyInstance, fastify } from 'fastify'
import { readBody } from 'h3'
import { createListener } from 'layerdock/node'
import { afterEach, describe, expect, test } from 'vitest'
import { errorRows } from '../../src/oci/error-codes.ts'
import { createRegistry } from '../../src/registry.ts'
import { type Client, digestOf, imageManifest, ociManifest } from '../http/client.ts'
import { type Hosting, listenH3, listenHono, listenOn } from './hosts.ts'
import { clientAt, pullImage } from './over-the-wire.ts'

const open: Hosting[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((hosting) => hosting.close()))
})

async function clientOn(starting: Promise<Hosting>): Promise<Client> {
  const hosting = await starting
  open.push(hosting)
  return clientAt(hosting.origin)
}

function behind(...parsers: readonly express.RequestHandler[]): Promise<Client> {
  const app = express()
  app.use(...parsers)
  app.use('/v2', createListener(createRegistry({ stripped: '/v2' })))
  return clientOn(listenOn(app))
}

/** Sends every kind of push with a body, and expects the same answer for each. */
async function expectConsumed(client: Client, contentType: string, body: string): Promise<void> {
  const { status, code, message } = errorRows.bodyConsumed
  const session = await client.openUpload('app')
  const headers = { 'Content-Type': contentType }
  for (const [method, path] of [
    ['PATCH', session],
    ['PUT', `${session}?digest=${digestOf(body)}`],
    ['POST', `/v2/app/blobs/uploads/?digest=${digestOf(body)}`],
    ['PUT', '/v2/app/manifests/latest'],
  ] as const) {
    const response = await client.send(method, path, { headers, body })
    expect([method, response.status]).toEqual([method, status])
    expect(await response.json()).toEqual({ errors: [{ code, message }] })
  }
  expect(message).toContain('mount the registry ahead of body parsers')
  expect((await client.send('DELETE', session)).status).toBe(204)
}

describe('the registry reports a parser that reads every body', () => {
  test('express.json', async () => {
    const client = await behind(express.json({ type: '*/*' }))
    await expectConsumed(client, 'application/octet-stream', '{"a":1}')
  })

  test('express.urlencoded', async () => {
    const client = await behind(express.urlencoded({ type: '*/*' }))
    await expectConsumed(client, 'application/x-www-form-urlencoded', 'a=1')
  })

  test('express.raw', async () => {
    const client = await behind(express.raw({ type: () => true }))
    await expectConsumed(client, 'application/octet-stream', 'bytes')
  })

  test('express.text', async () => {
    await expectConsumed(await behind(express.text({ type: '*/*' })), 'text/plain', 'words')
  })

  test('a Fastify parser for everything', async () => {
    const client = await clientOn(
      listenFastify((app) =>
        app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null)),
      ),
    )
    await expectConsumed(client, 'application/octet-stream', 'bytes')
  })

  test('Fastify’s own parser', async () => {
    const client = await clientOn(listenFastify(() => {}))
    await expectConsumed(client, 'application/json', '{"a":1}')
  })

  test('a Hono middleware that reads', async () => {
    const client = await clientOn(
      listenHono((app) => {
        app.use('*', async (context, next) => {
          await context.req.arrayBuffer()
          await next()
        })
        app.route('/', createRegistry().app)
      }),
    )
    await expectConsumed(client, 'application/octet-stream', 'bytes')
  })

  test('an h3 middleware that reads', async () => {
    const registry = createRegistry()
    const client = await clientOn(
      listenH3((app) => {
        app.use(async (event) => {
          await readBody(event)
        })
        app.all('/v2/**', (event) => registry.fetch(event.req))
      }),
    )
    await expectConsumed(client, 'application/octet-stream', '{"a":1}')
  })
})

describe('a parser that reads only its own types leaves pushes alone', () => {
  test('the parsers of Express with their defaults', async () => {
    const client = await behind(
      express.json(),
      express.urlencoded({ extended: true }),
      express.text(),
    )
    const image = await client.pushImage('app', 'latest')
    await pullImage(client, 'app', 'latest', image)
    // No known client sends a manifest with this type, but one may: then the answer is the same.
    const plain = await client.send('PUT', '/v2/app/manifests/latest', {
      headers: { 'Content-Type': 'application/json' },
      body: image.text,
    })
    expect(plain.status).toBe(errorRows.bodyConsumed.status)
  })

  test('a Hono middleware that reads a clone', async () => {
    const seen: number[] = []
    const client = await clientOn(
      listenHono((app) => {
        app.use('*', async (context, next) => {
          seen.push((await context.req.raw.clone().arrayBuffer()).byteLength)
          await next()
        })
        app.route('/', createRegistry().app)
      }),
    )
    await pullImage(client, 'app', 'latest', await client.pushImage('app', 'latest'))
    expect(seen).toContain(imageManifest('a layer of app').length)
  })
})

test('Fastify with its own parsers refuses a push before the registry gets it', async () => {
  const client = await clientOn(listenFastify(() => {}))
  const response = await client.send('PUT', '/v2/app/manifests/latest', {
    headers: { 'Content-Type': ociManifest },
    body: '{}',
  })
  expect(response.status).toBe(415)
  expect(await response.json()).toMatchObject({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' })
})

async function listenFastify(change: (app: FastifyInstance) => unknown): Promise<Hosting> {
  const answer = createListener(createRegistry())
  const app = fastify({ forceCloseConnections: true })
  change(app)
  app.all('/v2/*', (request, reply) => {
    reply.hijack()
    answer(request.raw, reply.raw)
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, close: () => app.close() }
}
