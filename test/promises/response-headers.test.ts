import { beforeAll, describe, expect, it } from 'vitest'
import { createRegistry, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, type Described, digestOf, imageOf, jsonBytes } from './client.ts'

/**
 * GHCR leaked the names of private repositories in headers; hono `f0b094db` and zot #3980 gave access
 * to pages of other sites. This file lists the allowed headers of every answer, route by route.
 */

const always = ['docker-distribution-api-version', 'x-content-type-options']
const content = ['content-length', 'content-type']
const blob = [
  ...always,
  ...content,
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-security-policy',
  'docker-content-digest',
  'etag',
]
const manifest = [...always, ...content, 'cache-control', 'docker-content-digest', 'etag']
const session = [...always, 'content-length', 'docker-upload-uuid', 'location', 'range']
const created = [...always, 'content-length', 'docker-content-digest', 'location']
const error = [...always, 'content-type']
const list = [...always, ...content, 'cache-control']

let client: Client
let digest: string
let tagged: string
let referring: Uint8Array
const put = { 'Content-Type': mediaTypes.ociManifest }

beforeAll(async () => {
  client = clientOf(createRegistry({ limits: { pageSize: 1 } }))
  digest = (await client.pushBlob('app', '<script>alert(1)</script>')).digest
  const { digest: named } = await client.pushImage('app', 'latest')
  await client.pushImage('app', 'second')
  await client.pushBlob('private/name', 'x')
  tagged = named
  const config = await client.pushBlob('app', '{}')
  const subject: Described = { mediaType: mediaTypes.ociManifest, digest: tagged, size: 1 }
  referring = jsonBytes({ ...imageOf(config), subject })
})

/** The path of a new session. */
async function opened(): Promise<string> {
  return (await client.send('POST', '/v2/app/blobs/uploads/')).headers.get('location') ?? ''
}

type Ask = () => Promise<Response>
const at = (method: string, path: () => string, headers = {}): Ask => {
  return () => client.send(method, path(), { headers })
}

/** Every kind of answer, with all its allowed headers. */
const golden: ReadonlyArray<readonly [what: string, ask: Ask, headers: readonly string[]]> = [
  ['version', at('GET', () => '/v2/'), [...always, ...content]],
  ['catalog', at('GET', () => '/v2/_catalog'), [...list, 'link']],
  ['tags', at('GET', () => '/v2/app/tags/list'), [...list, 'link']],
  ['referrers', at('GET', () => `/v2/app/referrers/${tagged}`), list],
  [
    'referrers, filtered',
    at('GET', () => `/v2/app/referrers/${tagged}?artifactType=a/b`),
    [...list, 'oci-filters-applied'],
  ],
  ['blob', at('GET', () => `/v2/app/blobs/${digest}`), blob],
  ['blob head', at('HEAD', () => `/v2/app/blobs/${digest}`), blob],
  [
    'blob part',
    at('GET', () => `/v2/app/blobs/${digest}`, { Range: 'bytes=0-1' }),
    [...blob, 'content-range'],
  ],
  [
    'unsatisfiable blob range',
    at('GET', () => `/v2/app/blobs/${digest}`, { Range: 'bytes=9999-' }),
    [...error, 'content-range'],
  ],
  [
    'blob not modified',
    at('GET', () => `/v2/app/blobs/${digest}`, { 'If-None-Match': '*' }),
    [...always, 'cache-control', 'docker-content-digest', 'etag'],
  ],
  ['blob unknown', at('GET', () => `/v2/app/blobs/${digestOf('no')}`), error],
  ['blob unknown head', at('HEAD', () => `/v2/app/blobs/${digestOf('no')}`), error],
  ['manifest', at('GET', () => '/v2/app/manifests/latest'), manifest],
  ['manifest by digest', at('GET', () => `/v2/app/manifests/${tagged}`), manifest],
  ['manifest head', at('HEAD', () => '/v2/app/manifests/latest'), manifest],
  [
    'manifest not modified',
    at('GET', () => '/v2/app/manifests/latest', { 'If-None-Match': '*' }),
    [...always, 'cache-control', 'docker-content-digest', 'etag'],
  ],
  ['manifest unknown', at('GET', () => '/v2/app/manifests/no'), error],
  [
    'manifest put',
    () => client.send('PUT', '/v2/app/manifests/third', { headers: put, body: referring }),
    [...created, 'oci-subject'],
  ],
  [
    'manifest put with tags',
    () => {
      const path = `/v2/app/manifests/${digestOf(referring)}?tag=a&tag=b`
      return client.send('PUT', path, { headers: put, body: referring })
    },
    [...created, 'oci-subject', 'oci-tag'],
  ],
  [
    'manifest refused',
    () => client.send('PUT', '/v2/app/manifests/x', { headers: put, body: '{}' }),
    error,
  ],
  [
    'manifest delete',
    at('DELETE', () => '/v2/app/manifests/second'),
    [...always, 'content-length'],
  ],
  ['upload start', at('POST', () => '/v2/app/blobs/uploads/'), session],
  [
    'upload in one step',
    () => {
      const path = `/v2/app/blobs/uploads/?digest=${digestOf('one')}`
      return client.send('POST', path, { body: 'one' })
    },
    created,
  ],
  ['mount', at('POST', () => `/v2/other/blobs/uploads/?mount=${digest}&from=app`), created],
  [
    'mount of an unknown blob',
    at('POST', () => `/v2/other/blobs/uploads/?mount=${digestOf('no')}&from=private/name`),
    session,
  ],
  [
    'upload status',
    async () => client.send('GET', await opened()),
    session.filter((name) => name !== 'content-length'),
  ],
  ['upload chunk', async () => client.send('PATCH', await opened(), { body: 'x' }), session],
  [
    'upload chunk out of order',
    async () =>
      client.send('PATCH', await opened(), { body: 'x', headers: { 'Content-Range': '5-5' } }),
    [...error, 'docker-upload-uuid', 'location', 'range'],
  ],
  [
    'upload end',
    async () => client.send('PUT', `${await opened()}?digest=${digestOf('end')}`, { body: 'end' }),
    created,
  ],
  ['upload cancel', async () => client.send('DELETE', await opened()), always],
  [
    'blob delete',
    at('DELETE', () => `/v2/app/blobs/${digestOf('one')}`),
    [...always, 'content-length'],
  ],
  ['wrong method', at('POST', () => '/v2/app/tags/list'), [...error, 'allow']],
  ['no endpoint', at('GET', () => '/elsewhere'), error],
  ['bad name', at('GET', () => '/v2/UPPER/tags/list'), error],
  [
    'other encoding',
    at('POST', () => '/v2/app/blobs/uploads/', { 'Content-Encoding': 'gzip' }),
    error,
  ],
]

describe('an allowlist of response headers (GHCR leaked private names)', () => {
  it.each(golden)('%s', async (_, ask, allowed) => {
    const answer = await ask()
    const names = [...answer.headers.keys()]
    expect(names.filter((name) => name !== 'link').sort()).toEqual(
      [...allowed].filter((name) => name !== 'link').sort(),
    )
    if (names.includes('link')) expect(allowed).toContain('link')
    expect(JSON.stringify([...answer.headers])).not.toContain('private')
  })
})

describe('answers in a browser (stored XSS; CORS: hono f0b094db, zot #3980)', () => {
  it.each(golden)('%s is not sniffed, and not open to other sites', async (_, ask) => {
    const { headers } = await ask()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const cors = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
    expect(cors).toEqual([])
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('content-type') ?? 'application/json').toMatch(
      /^application\/(?:json|octet-stream|vnd\.oci\.[a-z.]+v1\+json)$/,
    )
  })

  it('an HTML blob is an attachment of bytes without any rights', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { headers } = await client.send(method, `/v2/app/blobs/${digest}`)
      expect(headers.get('content-type')).toBe('application/octet-stream')
      expect(headers.get('content-disposition')).toBe('attachment')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    }
  })

  it('a manifest cannot have a type that a browser runs', async () => {
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/javascript']) {
      const headers = { 'Content-Type': type }
      const answer = await client.send('PUT', '/v2/app/manifests/x', { headers, body: referring })
      expect(answer.status, type).toBe(400)
    }
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s from a page of another site is 403',
    async (method) => {
      const session = await opened()
      const paths: Record<string, string> = {
        POST: '/v2/app/blobs/uploads/',
        PUT: '/v2/app/manifests/csrf',
        PATCH: session,
        DELETE: '/v2/app/manifests/latest',
      }
      const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' }
      const answer = await client.send(method, paths[method] ?? '', { headers })
      expect(answer.status).toBe(403)
      expect((await client.send('HEAD', '/v2/app/manifests/latest')).status).toBe(200)
      expect((await client.send('GET', session)).headers.get('range')).toBe('0-0')
    },
  )

  it('a preflight gets no permission', async () => {
    const headers = {
      Origin: 'https://evil.test',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'authorization',
    }
    const answer = await client.send('OPTIONS', '/v2/app/manifests/latest', { headers })
    expect(answer.status).toBe(405)
    expect([...answer.headers.keys()].some((name) => name.startsWith('access-control'))).toBe(false)
  })
})
