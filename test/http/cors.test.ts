import { beforeEach, describe, expect, test } from 'vitest'
import { createRegistry, type RegistryOptions } from '../../src/index.ts'
import { nativeBlob } from '../../src/kit.ts'
import { type Client, clientOf, digestOf, expectError } from './client.ts'

const origin = 'https://ui.example.com'
const host = 'registry.test'
const other = 'https://evil.example'
const content = 'some content'
const blob = `/v2/app/blobs/${digestOf(content)}`

async function clientWith(options: RegistryOptions): Promise<Client> {
  const client = clientOf(createRegistry(options))
  await client.pushBlob('app', content)
  return client
}

/** The headers of an answer that browsers act on. */
function corsOf(response: Response): Record<string, string> {
  const entries = [...response.headers].filter(
    ([name]) => name.startsWith('access-control-') || name === 'vary',
  )
  return Object.fromEntries(entries)
}

const preflight = (
  client: Client,
  path: string,
  method: string,
  from = origin,
): Promise<Response> =>
  client.send('OPTIONS', path, {
    headers: {
      Origin: from,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'authorization,content-type',
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'cors',
    },
  })

const paths: readonly (readonly [path: string, methods: string])[] = [
  ['/v2/', 'GET, HEAD, OPTIONS'],
  ['/v2/_catalog', 'GET, HEAD'],
  ['/v2/app/blobs/uploads/', 'POST'],
  ['/v2/app/blobs/uploads/11111111-1111-4111-8111-111111111111', 'PATCH, PUT, GET, HEAD, DELETE'],
  [blob, 'GET, HEAD, DELETE'],
  ['/v2/app/manifests/latest', 'GET, HEAD, PUT, DELETE'],
  ['/v2/app/tags/list', 'GET, HEAD'],
  [`/v2/app/referrers/${digestOf(content)}`, 'GET, HEAD'],
]

describe('without the option', () => {
  test('no page of another origin learns or does anything', async () => {
    const client = await clientWith({})
    const headers = { Origin: origin }
    const answer = await client.send('GET', blob, { headers })
    expect([answer.status, corsOf(answer)]).toEqual([200, {}])
    const asked = await client.send('OPTIONS', blob, {
      headers: { ...headers, 'Access-Control-Request-Method': 'GET' },
    })
    expect([asked.status, corsOf(asked)]).toEqual([405, {}])
  })

  test('no page of another host changes anything, also over plain HTTP, where Origin alone says so', async () => {
    const client = await clientWith({})
    const post = (from: string, more: Readonly<Record<string, string>> = {}): Promise<Response> =>
      client.send('POST', '/v2/app/blobs/uploads/', { headers: { Origin: from, ...more } })
    for (const from of [origin, 'null', 'http://evil.test', `http://${host}.evil.test`, '']) {
      await expectError(await post(from), 403, 'DENIED')
    }
    // Pages that the registry's own host serves, also where a proxy speaks TLS for it.
    expect((await post(`http://${host}`)).status).toBe(202)
    expect((await post(`https://${host}`)).status).toBe(202)
    expect(
      (await post('http://changed-by-a-proxy', { 'Sec-Fetch-Site': 'same-origin' })).status,
    ).toBe(202)
  })
})

describe('a list of origins', () => {
  let client: Client
  beforeEach(async () => {
    client = await clientWith({ cors: { origins: ['http://localhost:8080', origin] } })
  })

  test.each(paths)('the question before a request to %s is answered', async (path, methods) => {
    const answer = await preflight(client, path, 'PUT')
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': methods,
      'access-control-allow-headers': expect.stringContaining('Authorization'),
      'access-control-max-age': '600',
      vary: 'Origin',
    })
  })

  test('a page of a listed origin may read every answer, errors included', async () => {
    const headers = { Origin: origin, 'Sec-Fetch-Site': 'cross-site' }
    const exposed = {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': expect.stringContaining('Docker-Content-Digest'),
      vary: 'Origin',
    }
    for (const [method, path, status] of [
      ['GET', '/v2/', 200],
      ['GET', blob, 200],
      ['HEAD', blob, 200],
      ['GET', '/v2/app/tags/list', 200],
      ['GET', '/v2/app/manifests/none', 404],
      ['GET', '/v2/App/tags/list', 400],
      ['POST', '/v2/', 405],
      ['GET', '/v2/nothing/here', 404],
    ] as const) {
      const answer = await client.send(method, path, { headers })
      expect([answer.status, corsOf(answer)]).toEqual([status, exposed])
    }
    const cached = await client.send('GET', blob, { headers: { ...headers, 'If-None-Match': '*' } })
    expect([cached.status, corsOf(cached)]).toEqual([304, exposed])
  })

  test('and may write', async () => {
    const headers = { Origin: origin, 'Sec-Fetch-Site': 'cross-site' }
    const opened = await client.send('POST', '/v2/app/blobs/uploads/', { headers })
    expect(opened.status).toBe(202)
    const exposed = opened.headers.get('access-control-expose-headers') ?? ''
    for (const name of ['location', 'range', 'docker-upload-uuid']) {
      expect(opened.headers.get(name)).not.toBeNull()
      expect(exposed.toLowerCase().split(', ')).toContain(name)
    }
    expect((await client.send('DELETE', blob, { headers })).status).toBe(202)
  })

  test.each([other, 'null', `${origin}.evil.example`, 'https://UI.example.com', ''])(
    'a page of %j may do neither',
    async (from) => {
      const asked = await preflight(client, blob, 'DELETE', from)
      expect(asked.status).toBeGreaterThanOrEqual(400)
      expect(corsOf(asked)).toEqual({ vary: 'Origin' })
      const headers = { Origin: from, 'Sec-Fetch-Site': 'cross-site' }
      const answer = await client.send('GET', blob, { headers })
      expect([answer.status, corsOf(answer)]).toEqual([200, { vary: 'Origin' }])
      await expectError(await client.send('DELETE', blob, { headers }), 403, 'DENIED', {
        vary: 'Origin',
      })
    },
  )

  test('the blob behind an answer is still known to the adapter', async () => {
    const answer = await client.send('GET', blob, { headers: { Origin: origin } })
    expect(nativeBlob(answer)?.blob.size).toBe(content.length)
    expect(await answer.text()).toBe(content)
  })

  test('a challenge can be read, and the question needs no credentials', async () => {
    const header = 'Basic realm="registry"'
    const guarded = clientOf(
      createRegistry({
        cors: { origins: [origin] },
        access: {
          authenticate: async () => null,
          authorize: async (_, asks) => asks.map(() => 'login'),
          challenge: () => header,
        },
      }),
    )
    expect((await preflight(guarded, '/v2/', 'GET')).status).toBe(204)
    const answer = await guarded.send('GET', '/v2/', { headers: { Origin: origin } })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, header])
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
  })
})

describe('every origin', () => {
  test('pages may read without credentials, and write nothing', async () => {
    const client = await clientWith({ cors: { origins: '*' } })
    const asked = await preflight(client, blob, 'DELETE', other)
    expect(asked.status).toBe(204)
    expect(corsOf(asked)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': expect.stringContaining('Authorization'),
      'access-control-max-age': '600',
    })
    const headers = { Origin: other, 'Sec-Fetch-Site': 'cross-site' }
    const answer = await client.send('GET', blob, { headers })
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('Link'),
    })
    expect((await client.send('DELETE', blob, { headers })).status).toBe(403)
    expect(corsOf(await client.send('GET', blob))).toEqual({})
  })
})

test.each([
  ['https://ui.example.com/', 'did you mean https://ui.example.com?'],
  ['https://UI.example.com', 'did you mean https://ui.example.com?'],
  ['https://ui.example.com:443', 'did you mean https://ui.example.com?'],
  ['ui.example.com', 'is not an origin'],
  ['*', 'is not an origin'],
  ['null', 'is not an origin'],
  ['', 'is not an origin'],
])('%j is refused in a list', (text, message) => {
  expect(() => createRegistry({ cors: { origins: [text] } })).toThrow(message)
})

test('the origin of a browser extension is taken', () => {
  const origins = ['chrome-extension://abcdefghijklmnop']
  expect(() => createRegistry({ cors: { origins } })).not.toThrow()
})
