import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cpuMs } from '../cpu-time.ts'
import { runs } from '../sample.ts'
import { type Client, clientOf, digestOf, expectError, imageManifest } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const content = 'content'
const digest = digestOf(content)
const layer = 'a layer'

describe.each(registries)('paths and headers that mean harm, on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
    await client.pushBlob('app', content)
  })
  afterEach(() => made.end())

  test.each([
    `/v2/app%2fblobs/${digest}`,
    `/v2/app%2Fx/blobs/${digest}`,
    `/v2/app/blobs%2F${digest}/blobs/${digest}`,
    '/v2/app/manifests/a%2Fb',
    '/v2/app/manifests/a%2fb',
    '/v2/app/manifests/a%5cb',
    '/v2/app/manifests/a%00',
    '/v2/app%00/manifests/a',
    '/v2/app%2ex/tags/list',
    '/v2/%2e%2e%2fapp/tags/list',
    '/v2/app/manifests/%2E',
    `/v2/app//blobs/${digest}`,
    `/v2//app/blobs/${digest}`,
    '/v2/app/blobs//uploads/x',
    '/v2/app/tags/list//',
  ])('%s is refused', async (path) => {
    const response = await client.send('GET', path)
    expect([400, 404]).toContain(response.status)
    const { errors } = (await response.json()) as { errors: { code: string }[] }
    expect(errors[0]?.code).toMatch(/^(NAME_INVALID|UNSUPPORTED)$/)
  })

  test.each([
    '/v2/app%252fx/tags/list',
    '/v2/a b/tags/list',
    '/v2/a%20b/tags/list',
    '/v2/a%0ab/tags/list',
    '/v2/a%0d%0aX:y/tags/list',
    '/v2/a%e4/tags/list',
    '/v2/a%zz/tags/list',
    '/v2/a%/tags/list',
    '/v2/a%c3%a4/tags/list',
    '/v2/ä/tags/list',
    '/v2/__proto__/tags/list',
    '/v2/_catalog/tags/list',
    '/v2/-/tags/list',
  ])('%s has no legal name', async (path) => {
    await expectError(await client.send('GET', path), 400, 'NAME_INVALID')
  })

  test.each([
    ['/v2/x/../app/blobs/', `${digest}`],
    ['/v2/./app/blobs/', `${digest}`],
    ['/v2/x/%2e%2e/app/blobs/', `${digest}`],
    ['/v2\\app\\blobs\\', `${digest}`],
  ])('%s is what WHATWG makes of it', async (path, rest) => {
    expect(await (await client.send('GET', path + rest)).text()).toBe(content)
  })

  test('dot segments do not lead out of /v2', async () => {
    await expectError(await client.send('GET', '/v2/app/../../metrics'), 404, 'UNSUPPORTED')
  })

  test('queries are not paths', async () => {
    const response = await client.send('GET', `/v2/app/blobs/${digest}?x=//a%2fb%00/../..`)
    expect(await response.text()).toBe(content)
  })

  test.each(['/v2/app/blobs/uploads/', '/v2/app/tags/list/', `/v2/app/blobs/${digest}/`])(
    'a trailing slash is let go: %s',
    async (path) => {
      const method = path.includes('uploads') ? 'POST' : 'GET'
      expect((await client.send(method, path)).status).toBeLessThan(300)
    },
  )

  describe.each([
    'blobs',
    'manifests',
    'tags',
    'uploads',
    'referrers',
    'list',
    'v2',
    'a/blobs',
    'blobs/uploads',
    'a/blobs/uploads/b',
    'manifests/manifests',
    'a/manifests/latest',
    'tags/list',
    'a/tags/list',
    'a/referrers/b',
    'uploads/blobs/uploads',
    'constructor',
  ])('a repository called %s', (name) => {
    test('works everywhere', async () => {
      const { digest: image, layer: layerDigest, text } = await client.pushImage(name, 'latest')
      const session = await client.openUpload(name)
      expect(session).toMatch(new RegExp(`^/v2/${name}/blobs/uploads/[0-9a-f-]{36}$`))
      expect((await client.send('PATCH', session, { body: 'abc' })).status).toBe(202)
      expect((await client.send('GET', session)).headers.get('range')).toBe('0-2')
      expect((await client.send('DELETE', session)).status).toBe(204)
      const get = async (path: string): Promise<unknown> =>
        (await client.send('GET', `/v2/${name}/${path}`)).text()
      expect(await get(`blobs/${layerDigest}`)).toBe(`a layer of ${name}`)
      expect(await get('manifests/latest')).toBe(text)
      expect(await get(`manifests/${image}`)).toBe(text)
      expect(await get('tags/list')).toBe(JSON.stringify({ name, tags: ['latest'] }))
      expect(await get(`referrers/${image}`)).toContain('"manifests":[]')
      expect(await get('manifests/list')).toContain('MANIFEST_UNKNOWN')
      const remove = (path: string): Promise<Response> =>
        client.send('DELETE', `/v2/${name}/${path}`)
      expect((await remove('manifests/latest')).status).toBe(202)
      expect((await remove(`manifests/${image}`)).status).toBe(202)
      expect((await remove(`blobs/${layerDigest}`)).status).toBe(202)
    })
  })

  test.each(['uploads', 'blobs', 'manifests', 'list', 'tags'])('a tag called %s', async (tag) => {
    const { text } = await client.pushImage('app', tag)
    const response = await client.send('GET', `/v2/app/manifests/${tag}`)
    expect(await response.text()).toBe(text)
  })

  test('content that is encoded is refused before it is read', async () => {
    const session = await client.openUpload('app')
    const headers = { 'Content-Encoding': 'gzip' }
    const sent = [
      ['POST', '/v2/app/blobs/uploads/'],
      ['PATCH', session],
      ['PUT', `${session}?digest=${digest}`],
      ['PUT', '/v2/app/manifests/latest'],
    ] as const
    for (const [method, path] of sent) {
      const response = await client.send(method, path, { headers, body: content })
      await expectError(response, 415, 'UNSUPPORTED')
    }
    const plain = { headers: { 'Content-Encoding': 'Identity' }, body: content }
    expect((await client.send('PATCH', session, plain)).status).toBe(202)
  })

  test("another site's page may read and not change", async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    const path = `/v2/app/blobs/${digest}`
    expect((await client.send('GET', path, { headers })).status).toBe(200)
    expect((await client.send('HEAD', path, { headers })).status).toBe(200)
    const session = await client.openUpload('app')
    const sent = [
      ['POST', '/v2/app/blobs/uploads/'],
      ['PATCH', session],
      ['PUT', '/v2/app/manifests/latest'],
      ['DELETE', path],
    ] as const
    for (const [method, target] of sent) {
      await expectError(await client.send(method, target, { headers }), 403, 'DENIED')
    }
    const same = { 'Sec-Fetch-Site': 'same-origin' }
    expect((await client.send('DELETE', path, { headers: same })).status).toBe(202)
  })

  test('the Host and forwarded headers are never echoed', async () => {
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example',
      'X-Original-URL': '/v2/evil.example',
    }
    const sent = [
      ['POST', '/v2/app/blobs/uploads/', ''],
      ['POST', `/v2/app/blobs/uploads/?digest=${digest}`, content],
      ['GET', '/v2/_catalog?n=0', undefined],
      ['GET', '/v2/nobody/tags/list', undefined],
    ] as const
    for (const [method, path, body] of sent) {
      const response = await client.send(
        method,
        path,
        body === undefined ? { headers } : { headers, body },
      )
      const text = JSON.stringify([...response.headers]) + (await response.text())
      expect(text).not.toContain('evil')
      expect(text).not.toContain('registry.test')
    }
  })

  test('nothing but the specification gets an answer, and nothing throws', async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'v2',
        'app',
        'blobs',
        'uploads',
        'manifests',
        'tags',
        'list',
        'referrers',
        '_catalog',
        digest,
        'latest',
        '..',
        '.',
        '',
        '%2f',
        '%',
        '%00',
        '~',
        '*',
        ':name',
        '{.+}',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => text.replace(/[?#]/g, '')),
    )
    const paths = fc.array(segment, { maxLength: 8 }).map((parts) => `/v2/${parts.join('/')}`)
    const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'X')
    await fc.assert(
      fc.asyncProperty(methods, paths, async (method, path) => {
        const url = `http://registry.test${path}`
        if (!URL.canParse(url)) return
        const response = await made.registry.fetch(new Request(url, { method }))
        expect(response.status).toBeLessThan(500)
        expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
        if (response.status < 400 || method === 'HEAD') return
        const { errors } = (await response.json()) as { errors: { code: string }[] }
        expect(errors[0]?.code).toMatch(/^[A-Z_]+$/)
      }),
      { numRuns: runs(500) },
    )
  })

  test.each(['a', 'a/', 'blobs/', 'blobs/uploads/', 'manifests/', '-', '%41', 'tags/list/'])(
    'a very long path of %j is answered at once',
    async (piece) => {
      const path = `/v2/${piece.repeat(100_000 / piece.length)}`
      const used = await cpuMs(async () => {
        for (const end of ['', 'x', '/blobs/x', '/tags/list', '!', '/manifests/!/']) {
          expect((await client.send('GET', path + end)).status).toBeGreaterThanOrEqual(400)
        }
      })
      expect(used).toBeLessThan(2000)
    },
  )
})

test('an unforeseen failure is a 500 that tells an id and no more', async () => {
  const notices: unknown[] = []
  const [kind] = registries
  if (kind === undefined) return
  const made = await kind.make({
    onNotice: (notice) => notices.push(notice),
    access: {
      authenticate: async () => null,
      authorize: async () => {
        throw new Error('secret words of a database')
      },
      challenge: () => 'Basic',
    },
  })
  const client = clientOf(made.registry)
  const response = await client.send('PUT', '/v2/app/manifests/latest', {
    body: imageManifest(layer),
  })
  const id = response.headers.get('x-request-id') ?? ''
  expect(id).toMatch(/^[0-9a-z-]{8,64}$/)
  const [entry] = await expectError(response, 500, 'UNKNOWN', { 'x-request-id': id })
  expect(entry?.detail).toEqual({ requestId: id })
  expect(JSON.stringify(entry)).not.toContain('secret')
  expect(notices).toEqual([
    {
      kind: 'failure',
      requestId: id,
      method: 'PUT',
      path: '/v2/app/manifests/latest',
      error: new Error('secret words of a database'),
    },
  ])
  await made.end()
})
