import { Hono } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { describe, expect, test } from 'vitest'
import { assembleRegistry } from '../../src/assembled-registry.ts'
import { portableHash } from '../../src/memory/portable-hash.ts'
import { createRegistry, memoryStores } from '../../src/registry.ts'
import { type Answering, clientOf, digestOf, expectError, headersOf } from './client.ts'

interface Recipe {
  readonly name: string
  readonly prefix: string
  make(): Answering
}

const recipes: readonly Recipe[] = [
  { name: 'registry.fetch', prefix: '', make: () => createRegistry() },
  { name: 'registry.app', prefix: '', make: () => createRegistry().app },
  {
    name: "new Hono().route('/', registry.app)",
    prefix: '',
    make: () => new Hono().route('/', createRegistry().app),
  },
  {
    name: "new Hono({ strict: false }).route('/', registry.app)",
    prefix: '',
    make: () => new Hono({ strict: false }).route('/', createRegistry().app),
  },
  {
    name: "new Hono({ router: new RegExpRouter() }).route('/', registry.app)",
    prefix: '',
    make: () => new Hono({ router: new RegExpRouter() }).route('/', createRegistry().app),
  },
  {
    name: "new Hono().route('/:tenant/x', registry.app)",
    prefix: '/acme/x',
    make: () => {
      const { app } = createRegistry({ prefix: '/acme/x', stripped: '/acme/x' })
      return new Hono().route('/:tenant/x', app)
    },
  },
  {
    name: "new Hono().mount('/', registry.fetch)",
    prefix: '',
    make: () => new Hono().mount('/', createRegistry().fetch),
  },
  {
    name: 'the fetch of a registry that was assembled',
    prefix: '',
    make: () => assembleRegistry({ stores: memoryStores(), hash: portableHash }),
  },
  {
    name: 'registry.app on given stores',
    prefix: '',
    make: () => createRegistry({ stores: memoryStores(), hash: portableHash }).app,
  },
  {
    name: 'registry.fetch with a prefix',
    prefix: '/registry',
    make: () => createRegistry({ prefix: '/registry/' }),
  },
  {
    name: "new Hono().route('/', registry.app) with a prefix",
    prefix: '/a/b',
    make: () => new Hono().route('/', createRegistry({ prefix: '/a/b' }).app),
  },
  {
    name: "new Hono().mount('/registry', registry.fetch, { replaceRequest: false })",
    prefix: '/registry',
    make: () =>
      new Hono().mount('/registry', createRegistry({ prefix: '/registry' }).fetch, {
        replaceRequest: false,
      }),
  },
  {
    name: 'a handler of one’s own',
    prefix: '',
    make: () => {
      const { fetch } = createRegistry()
      const app = new Hono()
      app.all('/v2/*', (context) => fetch(context.req.raw))
      return app
    },
  },
]

describe.each(recipes)('$name', ({ prefix, make }) => {
  test('serves the version check with and without a slash, GET and HEAD', async () => {
    const client = clientOf(make())
    for (const path of [`${prefix}/v2/`, `${prefix}/v2`]) {
      const get = await client.send('GET', path)
      expect([get.status, await get.text()]).toEqual([200, '{}'])
      const head = await client.send('HEAD', path)
      expect([head.status, head.body]).toEqual([200, null])
      expect(headersOf(head)).toEqual(headersOf(get))
    }
  })

  test.each(['app', 'a/b', 'a/blobs/uploads/b', 'manifests'])('serves %s whole', async (name) => {
    const client = clientOf(make())
    const content = 'hello world'
    const digest = digestOf(content)
    for (const slash of ['/', '']) {
      const posted = await client.send('POST', `${prefix}/v2/${name}/blobs/uploads${slash}`)
      expect(posted.status).toBe(202)
      const session = posted.headers.get('location') ?? ''
      expect(session.startsWith(`${prefix}/v2/${name}/blobs/uploads/`)).toBe(true)
      expect((await client.send('PATCH', session, { body: content })).status).toBe(202)
      const put = await client.send('PUT', `${session}?digest=${digest}`)
      expect([put.status, put.headers.get('location')]).toEqual([
        201,
        `${prefix}/v2/${name}/blobs/${digest}`,
      ])
      const got = await client.send('GET', put.headers.get('location') ?? '')
      expect(await got.text()).toBe(content)
      const head = await client.send('HEAD', put.headers.get('location') ?? '')
      expect([head.status, head.body]).toEqual([200, null])
      expect(headersOf(head)).toEqual(headersOf(got))
    }
    const config = { mediaType: 'a/b', digest, size: content.length }
    const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [] })
    for (const tag of ['latest', 'other']) {
      const pushed = await client.send('PUT', `${prefix}/v2/${name}/manifests/${tag}`, {
        headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
        body: manifest,
      })
      expect(pushed.status).toBe(201)
      const back = await client.send('GET', pushed.headers.get('location') ?? '')
      expect(await back.text()).toBe(manifest)
    }
    const tagged = await client.send('HEAD', `${prefix}/v2/${name}/manifests/latest`)
    expect([tagged.status, tagged.body]).toEqual([200, null])
    expect(tagged.headers.get('content-length')).toBe(String(manifest.length))
    expect(tagged.headers.get('docker-content-digest')).toBe(digestOf(manifest))
    const tags = await client.send('GET', `${prefix}/v2/${name}/tags/list?n=1`)
    expect(await tags.json()).toEqual({ name, tags: ['latest'] })
    expect(tags.headers.get('link')).toBe(
      `<${prefix}/v2/${name}/tags/list?n=1&last=latest>; rel="next"`,
    )
  })

  test('keeps its errors', async () => {
    const client = clientOf(make())
    const method = await client.send('POST', `${prefix}/v2/app/tags/list`)
    await expectError(method, 405, 'UNSUPPORTED', { allow: 'GET, HEAD' })
    const unknown = await client.send('GET', `${prefix}/v2/app/manifests/latest`)
    await expectError(unknown, 404, 'MANIFEST_UNKNOWN')
    const head = await client.send('HEAD', `${prefix}/v2/app/manifests/latest`)
    expect([head.status, head.body]).toEqual([404, null])
    const escaped = await client.send('GET', `${prefix}/v2/app%2fx/tags/list`)
    await expectError(escaped, 400, 'NAME_INVALID')
  })
})

test('beside other routes neither takes the other’s', async () => {
  const app = new Hono()
  app.get('/', (context) => context.text('home'))
  app.route('/', createRegistry().app)
  app.get('/metrics', (context) => context.text('metrics'))
  const client = clientOf(app)
  expect(await (await client.send('GET', '/')).text()).toBe('home')
  expect(await (await client.send('GET', '/metrics')).text()).toBe('metrics')
  expect(await (await client.send('GET', '/v2/')).text()).toBe('{}')
})

test('a path that the registry does not have goes on to the routes of the host', async () => {
  const app = new Hono()
  app.route('/', createRegistry().app)
  app.all('/v2/token', (context) => context.text(context.req.method))
  const client = clientOf(app)
  for (const method of ['GET', 'POST']) {
    expect(await (await client.send(method, '/v2/token')).text()).toBe(method)
  }
  const cross = { headers: { 'Sec-Fetch-Site': 'cross-site' } }
  expect((await client.send('POST', '/v2/token', cross)).status).toBe(200)
  const unknown = await client.send('GET', '/v2/unknown')
  expect([unknown.status, await unknown.text()]).toEqual([404, '404 Not Found'])
})

test('the app is made once, and only where it is used', () => {
  const registry = createRegistry()
  const app: Hono = registry.app
  expect(registry.app).toBe(app)
})

test('outside its prefix there is nothing', async () => {
  const client = clientOf(createRegistry({ prefix: '/registry' }))
  for (const path of ['/v2/', '/v2/_catalog', '/registryx/v2/', '/registry', '/x/registry/v2/']) {
    await expectError(await client.send('GET', path), 404, 'UNSUPPORTED')
  }
})

test.each(['registry', '/a b', '/:name', '/a/*', '/a//b', '/a?b', '/ä', '/a{b}'])(
  'the prefix %j is none',
  (prefix) => {
    expect(() => createRegistry({ prefix })).toThrow(TypeError)
  },
)

test.each(['', '/', '/a/', '/a/b.c~d_e-F0'])('the prefix %j is one', (prefix) => {
  expect(() => createRegistry({ prefix })).not.toThrow()
})
