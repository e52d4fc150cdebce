import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { createRegistry } from '../../src/registry.ts'
import { type Answering, type Client, clientOf, descriptorOf, expectError } from '../http/client.ts'

const call = callContext()

/** The options of a registry whose host cuts `stripped` off each path. */
interface Cut {
  readonly prefix: string
  readonly stripped: string
}

const cuts: readonly Cut[] = [
  { prefix: '', stripped: '' },
  { prefix: '', stripped: '/v2' },
  { prefix: '/registry', stripped: '' },
  { prefix: '/registry', stripped: '/registry' },
  { prefix: '/registry', stripped: '/registry/v2' },
  { prefix: '/v2', stripped: '' },
  { prefix: '/v2', stripped: '/v2' },
  { prefix: '/v2', stripped: '/v2/v2' },
  { prefix: '/a/b', stripped: '/a/' },
]

/** A host that cuts `stripped` off each path and has no other routes. */
function cutting(registry: Answering, stripped: string): Answering {
  const cut = stripped.replace(/\/$/, '')
  return {
    fetch(request) {
      const { origin, pathname, search } = new URL(request.url)
      if (!pathname.startsWith(cut)) throw new Error(`nothing is mounted at ${pathname}`)
      const path = pathname.slice(cut.length) || '/'
      return registry.fetch(new Request(`${origin}${path}${search}`, request))
    },
  }
}

/** Pushes as clients do, following every Location, and reads back through every Link. */
async function pushAndList(client: Client, prefix: string, name: string): Promise<void> {
  const start = await client.send('POST', `${prefix}/v2/${name}/blobs/uploads/`)
  const session = start.headers.get('location') ?? ''
  expect(session).toMatch(new RegExp(`^${prefix}/v2/${name}/blobs/uploads/[0-9a-f-]{36}$`))
  const config = descriptorOf('{}', 'a/b') as { digest: string }
  const put = await client.send('PUT', `${session}?digest=${config.digest}`, { body: '{}' })
  expect(put.headers.get('location')).toBe(`${prefix}/v2/${name}/blobs/${config.digest}`)
  const blob = await client.send('GET', put.headers.get('location') ?? '')
  expect([blob.status, await blob.text()]).toEqual([200, '{}'])

  for (const tag of ['a', 'b']) {
    const pushed = await client.send('PUT', `${prefix}/v2/${name}/manifests/${tag}`, {
      headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
      body: JSON.stringify({ schemaVersion: 2, config, layers: [] }),
    })
    const digest = pushed.headers.get('docker-content-digest')
    expect(pushed.headers.get('location')).toBe(`${prefix}/v2/${name}/manifests/${digest}`)
    expect((await client.send('HEAD', pushed.headers.get('location') ?? '')).status).toBe(200)
  }
  const first = await client.send('GET', `${prefix}/v2/${name}/tags/list?n=1`)
  const next = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
  expect(await (await client.send('GET', next)).json()).toEqual({ name, tags: ['b'] })
}

describe.each(cuts)('prefix $prefix, stripped $stripped', ({ prefix, stripped }) => {
  test.each(['app', 'v2/a', 'v2/v2', 'registry/v2/a'])('%s keeps its name', async (name) => {
    const registry = createRegistry({ prefix, stripped })
    const client = clientOf(cutting(registry, stripped))
    await pushAndList(client, prefix, name)
    const { items } = await registry.service.listRepositories(call, { limit: 10 })
    expect(items).toEqual([name])
  })

  test('the version check and the catalog are at their public paths', async () => {
    const client = clientOf(cutting(createRegistry({ prefix, stripped }), stripped))
    for (const path of ['/v2', '/v2/', '/v2/_catalog']) {
      expect((await client.send('GET', `${prefix}${path}`)).status).toBe(200)
    }
  })
})

test('a registry with stripped does not serve the uncut path as well', async () => {
  const client = clientOf(createRegistry({ stripped: '/v2' }))
  expect((await client.send('GET', '/')).status).toBe(200)
  for (const path of ['/v2', '/v2/', '/v2/_catalog']) {
    await expectError(await client.send('GET', path), 404, 'UNSUPPORTED')
  }
})

test('registry.app works under a path that the host adds to its routes', async () => {
  const registry = createRegistry({ prefix: '/registry', stripped: '/registry' })
  const app = new Hono().route('/registry', registry.app)
  expect((await clientOf(app).send('GET', '/registry/v2/')).status).toBe(200)
  await pushAndList(clientOf(app), '/registry', 'v2/a')
})

test.each([
  ['', '/registry'],
  ['/registry', '/v2'],
  ['/registry', '/reg'],
  ['/registry', '/registry/v2/x'],
  ['/registry', 'registry'],
  ['', '/v'],
  ['', '/:v2'],
])('with prefix %j, %j cannot have been stripped', (prefix, stripped) => {
  expect(() => createRegistry({ prefix, stripped })).toThrow(TypeError)
})
