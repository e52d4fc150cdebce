import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  always,
  type Client,
  chunkedBody,
  clientOf,
  descriptorOf,
  digestOf,
  expectError,
  headersOf,
  imageManifest,
  ociIndex,
  ociManifest,
  type Sending,
  unknownDigest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const layer = 'a layer'
const manifest = imageManifest(layer)
const digest = digestOf(manifest)
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'

describe.each(registries)('manifests on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
    await client.pushBlob('app', '{}')
    await client.pushBlob('app', layer)
  })
  afterEach(() => made.end())

  const put = (
    reference: string,
    body: Sending['body'] = manifest,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> =>
    client.send('PUT', `/v2/app/manifests/${reference}`, {
      headers: { 'Content-Type': ociManifest, ...headers },
      body: body ?? '',
    })
  const get = (
    reference: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> => client.send('GET', `/v2/app/manifests/${reference}`, { headers })
  const status = async (reference: string): Promise<number> => (await get(reference)).status
  const tags = async (): Promise<readonly string[]> => {
    const response = await client.send('GET', '/v2/app/tags/list')
    return ((await response.json()) as { tags: string[] }).tags
  }
  const createdHeaders = (of: string): Record<string, string> => ({
    ...always,
    location: `/v2/app/manifests/${of}`,
    'docker-content-digest': of,
    'content-length': '0',
  })

  describe('PUT', () => {
    test.each([
      ['a tag', 'latest'],
      ['the digest', digest],
      ['the digest with its colon encoded', encodeURIComponent(digest)],
      ['a tag objects have from birth', '__proto__'],
      ['a long tag', 'a'.repeat(128)],
    ])('by %s', async (_, reference) => {
      const response = await put(reference)
      expect([response.status, await response.text()]).toEqual([201, ''])
      expect(headersOf(response)).toEqual(createdHeaders(digest))
      expect(await (await get(reference)).text()).toBe(manifest)
      const located = await client.send('GET', response.headers.get('location') ?? '')
      expect(await located.text()).toBe(manifest)
    })

    test('chunked, as the conformance suite sends it', async () => {
      const half = manifest.length >> 1
      const body = chunkedBody(manifest.slice(0, half), manifest.slice(half))
      expect((await put('latest', body)).status).toBe(201)
      expect(await (await get('latest')).text()).toBe(manifest)
    })

    test('keeps the bytes as they came, white space, order and all', async () => {
      const odd = `\n{ "layers":[ ],"x": 1.0e2, "config" : ${JSON.stringify(descriptorOf('{}', 'a/b'))} ,"schemaVersion":2}\t\n`
      expect((await put('odd', odd)).status).toBe(201)
      const response = await get('odd')
      expect(await response.text()).toBe(odd)
      expect(response.headers.get('docker-content-digest')).toBe(digestOf(odd))
    })

    test('again is again a 201', async () => {
      for (const reference of ['latest', 'latest', digest, digest]) {
        expect((await put(reference)).status).toBe(201)
      }
      expect(await tags()).toEqual(['latest'])
    })

    test('sha512 by digest, and the tag made with it keeps answering sha512', async () => {
      const wide = digestOf(manifest, 'sha512')
      const response = await put(`${wide}?tag=wide`)
      expect(headersOf(response)).toEqual({ ...createdHeaders(wide), 'oci-tag': 'wide' })
      for (const reference of [wide, 'wide']) {
        const got = await get(reference)
        expect(got.headers.get('docker-content-digest')).toBe(wide)
        expect(await got.text()).toBe(manifest)
      }
      expect(await status(digest)).toBe(404)
    })

    test('moves a tag in one step', async () => {
      await put('latest')
      const next = imageManifest(layer, { annotations: { version: '2' } })
      await put('latest', next)
      expect(await (await get('latest')).text()).toBe(next)
      expect(await (await get(digest)).text()).toBe(manifest)
      expect(await tags()).toEqual(['latest'])
    })

    test('the subject comes back in OCI-Subject, whether it is there or not', async () => {
      const subject = descriptorOf('not here', ociManifest)
      const image = imageManifest(layer, { subject })
      const response = await put('latest', image)
      expect(headersOf(response)).toEqual({
        ...createdHeaders(digestOf(image)),
        'oci-subject': digestOf('not here'),
      })
      const index = JSON.stringify({
        schemaVersion: 2,
        mediaType: ociIndex,
        manifests: [],
        subject,
      })
      const second = await put('index', index, { 'Content-Type': ociIndex })
      expect(second.headers.get('oci-subject')).toBe(digestOf('not here'))
    })

    test.each([
      ['a parameter', `${ociManifest}; charset=utf-8`],
      ['uppercase', ociManifest.toUpperCase()],
    ])('a Content-Type with %s is stored bare', async (_, contentType) => {
      expect((await put('latest', manifest, { 'Content-Type': contentType })).status).toBe(201)
      expect((await get('latest')).headers.get('content-type')).toBe(ociManifest)
    })

    test('no Content-Type: the document says it, or its shape', async () => {
      const config = descriptorOf('{}', 'a/b')
      const documents = [
        [{ schemaVersion: 2, mediaType: dockerManifest, config, layers: [] }, dockerManifest],
        [{ schemaVersion: 2, config, layers: [] }, ociManifest],
        [{ schemaVersion: 2, manifests: [] }, ociIndex],
      ] as const
      for (const [document, mediaType] of documents) {
        const sending = { body: chunkedBody(JSON.stringify(document)) }
        const response = await client.send('PUT', '/v2/app/manifests/latest', sending)
        expect(response.status).toBe(201)
        expect((await get('latest')).headers.get('content-type')).toBe(mediaType)
      }
    })

    test.each([
      ['no JSON', 'latest', 'nonsense', 'MANIFEST_INVALID'],
      ['nothing', 'latest', '', 'MANIFEST_INVALID'],
      ['another document', 'latest', '{}', 'MANIFEST_INVALID'],
      ['an index by its shape', 'latest', '{"schemaVersion":2,"manifests":[]}', 'MANIFEST_INVALID'],
      ['by the digest of another', unknownDigest, manifest, 'DIGEST_INVALID'],
      ['by sha512 of another', `sha512:${'0'.repeat(128)}`, manifest, 'DIGEST_INVALID'],
      ['by a digest that is none', 'sha256:baddigeststring', manifest, 'DIGEST_INVALID'],
      ['by an unknown algorithm', `blake3:${'0'.repeat(64)}`, manifest, 'DIGEST_INVALID'],
      ['by a tag that is none', '-latest', manifest, 'MANIFEST_INVALID'],
      ['by a tag too long', 'a'.repeat(129), manifest, 'MANIFEST_INVALID'],
    ])('refuses %s', async (_, reference, body, code) => {
      await expectError(await put(reference, body), 400, code)
      expect(await status('latest')).toBe(404)
      expect(await status(digestOf(body))).toBe(404)
    })

    test.each(['application/json', 'text/plain', 'x', '', ociIndex, dockerManifest])(
      'refuses the Content-Type %j',
      async (contentType) => {
        const response = await put('latest', manifest, { 'Content-Type': contentType })
        await expectError(response, 400, 'MANIFEST_INVALID')
        expect(await status(digest)).toBe(404)
      },
    )

    test('names everything that is missing, one error each, and stores nothing', async () => {
      const config = descriptorOf('no config', 'a/b')
      const layers = [descriptorOf('no layer', 'a/b'), descriptorOf(layer, 'a/b')]
      const document = JSON.stringify({ schemaVersion: 2, config, layers })
      const errors = await expectError(await put('latest', document), 400, 'MANIFEST_BLOB_UNKNOWN')
      const missing = errors.map(({ detail }) => (detail as { digest: string }).digest)
      expect(missing.sort()).toEqual([digestOf('no config'), digestOf('no layer')].sort())
      expect(await status('latest')).toBe(404)
      expect(await status(digestOf(document))).toBe(404)
      expect((await client.send('HEAD', `/v2/app/blobs/${digestOf(document)}`)).status).toBe(404)
    })

    test('content of another repository is missing here', async () => {
      await client.pushBlob('other', 'elsewhere')
      const document = imageManifest('elsewhere')
      await expectError(await put('latest', document), 400, 'MANIFEST_BLOB_UNKNOWN')
    })

    test('a sparse registry takes it all the same', async () => {
      const sparse = await make({ allowSparse: true })
      const other = clientOf(sparse.registry)
      expect(await other.pushManifest('app', 'latest', manifest)).toBe(digest)
      expect(await (await other.send('GET', '/v2/app/manifests/latest')).text()).toBe(manifest)
      await sparse.end()
    })

    test('what is kept elsewhere is not missing', async () => {
      const away = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
      const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
      const layers = [
        descriptorOf('1', away),
        descriptorOf('2', foreign),
        { ...descriptorOf('3', 'a/b'), urls: ['https://example.com/3'] },
      ]
      expect((await put('latest', imageManifest(layer, { layers }))).status).toBe(201)
    })

    test('a child of an index may be a manifest or a blob', async () => {
      await put('latest')
      const manifests = [
        descriptorOf(manifest, ociManifest),
        descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar+gzip'),
      ]
      const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests })
      expect(await client.pushManifest('app', 'index', index, ociIndex)).toBe(digestOf(index))
      const nested = JSON.stringify({
        schemaVersion: 2,
        mediaType: ociIndex,
        manifests: [descriptorOf(index, ociIndex)],
      })
      expect(await client.pushManifest('app', 'nested', nested, ociIndex)).toBe(digestOf(nested))
    })

    test('a layer may not be a manifest of that digest', async () => {
      await put('latest')
      const document = imageManifest(layer, { layers: [descriptorOf(manifest, 'a/b')] })
      await expectError(await put('odd', document), 400, 'MANIFEST_BLOB_UNKNOWN')
    })
  })

  describe('?tag=', () => {
    test('names a manifest several times in one step', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `v${index}`)
      const query = names.map((name) => `tag=${name}`).join('&')
      const response = await put(`${digest}?${query}`)
      expect(response.status).toBe(201)
      expect(headersOf(response)).toEqual({
        ...createdHeaders(digest),
        'oci-tag': names.join(', '),
      })
      expect(await tags()).toEqual([...names].sort())
      for (const name of names) expect(await (await get(name)).text()).toBe(manifest)
    })

    test('the same one twice is one', async () => {
      const response = await put(`${digest}?tag=a&tag=b&tag=a`)
      expect(response.headers.get('oci-tag')).toBe('a, b')
    })

    test.each([
      ['one of them is none', `${digest}?tag=good&tag=-bad`, 400],
      ['one is empty', `${digest}?tag=good&tag=`, 400],
      ['one is a digest', `${digest}?tag=${unknownDigest}`, 400],
      ['the reference is a tag', 'latest?tag=good', 400],
      ['there are too many', `${digest}?${'tag=a&'.repeat(101)}`, 414],
    ])('stores nothing where %s', async (_, reference, expected) => {
      await expectError(await put(reference), expected, 'MANIFEST_INVALID')
      expect(await status(digest)).toBe(404)
      expect(await status('good')).toBe(404)
    })

    test('stores nothing where the digest is of another manifest', async () => {
      await expectError(await put(`${unknownDigest}?tag=good`), 400, 'DIGEST_INVALID')
      expect(await status('good')).toBe(404)
    })
  })

  describe('If-Match and If-None-Match on PUT', () => {
    const next = imageManifest(layer, { annotations: { version: '2' } })

    test.each([
      ['If-None-Match: * on a new tag', { 'If-None-Match': '*' }, false, 201],
      ['If-None-Match: * on a tag', { 'If-None-Match': '*' }, true, 412],
      ['If-None-Match of what it is', { 'If-None-Match': `"${digest}"` }, true, 412],
      ['If-None-Match of another', { 'If-None-Match': `"${unknownDigest}"` }, true, 201],
      ['If-Match of what it is', { 'If-Match': `"${digest}"` }, true, 201],
      ['If-Match of one of several', { 'If-Match': `"x", "${digest}"` }, true, 201],
      ['If-Match of another', { 'If-Match': `"${unknownDigest}"` }, true, 412],
      ['If-Match: * on a tag', { 'If-Match': '*' }, true, 201],
      ['If-Match: * on a new tag', { 'If-Match': '*' }, false, 412],
    ])('%s', async (_, headers, exists, expected) => {
      if (exists) await put('latest')
      const response = await put('latest', next, headers)
      if (expected === 201) {
        expect(response.status).toBe(201)
        expect(await (await get('latest')).text()).toBe(next)
      } else {
        await expectError(response, 412, 'DENIED')
        expect(await status('latest')).toBe(exists ? 200 : 404)
        expect(await status(digestOf(next))).toBe(404)
        if (exists) expect(await (await get('latest')).text()).toBe(manifest)
      }
    })

    test('of writers who all saw the same only one wins', async () => {
      await put('latest')
      const writers = Array.from({ length: 8 }, (_, index) =>
        put('latest', imageManifest(layer, { annotations: { writer: String(index) } }), {
          'If-Match': `"${digest}"`,
        }),
      )
      const statuses = (await Promise.all(writers)).map((response) => response.status)
      expect(statuses.sort()).toEqual([201, ...Array.from({ length: 7 }, () => 412)])
    })
  })

  describe('GET and HEAD', () => {
    const headers = (reference: 'tag' | 'digest'): Record<string, string> => ({
      ...always,
      'cache-control':
        reference === 'tag'
          ? 'no-cache, no-transform'
          : 'max-age=31536000, immutable, no-transform',
      'content-length': String(manifest.length),
      'content-type': ociManifest,
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    })
    beforeEach(() => put('latest'))

    test.each([
      ['tag', 'latest'],
      ['digest', digest],
    ] as const)('by %s', async (kind, reference) => {
      const got = await get(reference)
      expect([got.status, headersOf(got)]).toEqual([200, headers(kind)])
      expect(await got.text()).toBe(manifest)
      const head = await client.send('HEAD', `/v2/app/manifests/${reference}`)
      expect([head.status, headersOf(head), head.body]).toEqual([200, headers(kind), null])
    })

    test.each(['application/json', 'text/html', '', '*/*', dockerManifest])(
      'Accept: %s changes nothing',
      async (accept) => {
        const got = await get('latest', { Accept: accept, Range: 'bytes=0-3' })
        expect([got.status, headersOf(got)]).toEqual([200, headers('tag')])
      },
    )

    test('If-None-Match of what the tag stands for is a 304', async () => {
      for (const condition of [`"${digest}"`, digest, '*', `W/"${digest}"`]) {
        for (const method of ['GET', 'HEAD']) {
          const response = await client.send(method, '/v2/app/manifests/latest', {
            headers: { 'If-None-Match': condition },
          })
          const { 'content-length': _, 'content-type': __, ...rest } = headers('tag')
          expect([response.status, response.body, headersOf(response)]).toEqual([304, null, rest])
        }
      }
      expect((await get('latest', { 'If-None-Match': `"${unknownDigest}"` })).status).toBe(200)
    })

    test.each([
      ['an unknown tag', '/v2/app/manifests/none', 404, 'MANIFEST_UNKNOWN'],
      ['a tag that is none', '/v2/app/manifests/.none', 404, 'MANIFEST_UNKNOWN'],
      ['an unknown digest', `/v2/app/manifests/${unknownDigest}`, 404, 'MANIFEST_UNKNOWN'],
      ['an unknown repository', '/v2/other/manifests/latest', 404, 'MANIFEST_UNKNOWN'],
      ['its digest elsewhere', `/v2/other/manifests/${digest}`, 404, 'MANIFEST_UNKNOWN'],
      ['another algorithm', `/v2/app/manifests/blake3:${'0'.repeat(64)}`, 404, 'MANIFEST_UNKNOWN'],
      ['a malformed digest', '/v2/app/manifests/sha256:x', 400, 'DIGEST_INVALID'],
      ['a bad name', '/v2/App/manifests/latest', 400, 'NAME_INVALID'],
    ])('refuses %s', async (_, path, expected, code) => {
      await expectError(await client.send('GET', path), expected, code)
      const head = await client.send('HEAD', path)
      expect([head.status, head.body]).toEqual([expected, null])
    })

    test('other methods are none', async () => {
      for (const method of ['POST', 'PATCH', 'OPTIONS']) {
        const response = await client.send(method, '/v2/app/manifests/latest')
        await expectError(response, 405, 'UNSUPPORTED', { allow: 'GET, HEAD, PUT, DELETE' })
      }
    })
  })

  describe('DELETE', () => {
    const remove = (reference: string): Promise<Response> =>
      client.send('DELETE', `/v2/app/manifests/${reference}`)
    beforeEach(async () => {
      await put('latest')
      await put('other')
    })

    test('by tag removes the tag alone', async () => {
      const response = await remove('latest')
      expect([response.status, await response.text()]).toEqual([202, ''])
      expect(headersOf(response)).toEqual({ ...always, 'content-length': '0' })
      expect(await status('latest')).toBe(404)
      expect(await (await get('other')).text()).toBe(manifest)
      expect(await (await get(digest)).text()).toBe(manifest)
      await expectError(await remove('latest'), 404, 'MANIFEST_UNKNOWN')
    })

    test('by digest removes every tag with it, and no blob', async () => {
      expect((await remove(digest)).status).toBe(202)
      for (const reference of ['latest', 'other', digest]) expect(await status(reference)).toBe(404)
      expect(await tags()).toEqual([])
      await expectError(await remove(digest), 404, 'MANIFEST_UNKNOWN')
      const blob = `/v2/app/blobs/${digestOf(layer)}`
      expect((await client.send('GET', blob)).status).toBe(200)
      expect((await client.send('DELETE', blob)).status).toBe(202)
      expect((await put('again')).status).toBe(400)
    })

    test.each([
      ['an unknown repository', '/v2/none/manifests/latest', 404, 'NAME_UNKNOWN'],
      ['an unknown repository by digest', `/v2/none/manifests/${digest}`, 404, 'NAME_UNKNOWN'],
      ['an unknown tag', '/v2/app/manifests/none', 404, 'MANIFEST_UNKNOWN'],
      ['a tag that is none', '/v2/app/manifests/-x', 404, 'MANIFEST_UNKNOWN'],
      ['a malformed digest', '/v2/app/manifests/sha256:x', 400, 'DIGEST_INVALID'],
      ['another algorithm', `/v2/app/manifests/md5:${'0'.repeat(32)}`, 404, 'MANIFEST_UNKNOWN'],
    ])('refuses %s', async (_, path, expected, code) => {
      await expectError(await client.send('DELETE', path), expected, code)
      expect(await tags()).toEqual(['latest', 'other'])
    })

    test.each(['latest', digest])('may be turned off: %s answers 405', async (reference) => {
      const closed = await make({ deletes: false })
      const other = clientOf(closed.registry)
      const { text } = await other.pushImage('app', 'latest')
      await other.pushManifest('app', 'latest', text)
      const path = `/v2/app/manifests/${reference}`
      await expectError(await other.send('DELETE', path), 405, 'UNSUPPORTED')
      expect((await other.send('GET', '/v2/app/manifests/latest')).status).toBe(200)
      await closed.end()
    })

    test('a manifest may come back', async () => {
      await remove(digest)
      expect((await put('latest')).status).toBe(201)
      expect(await (await get(digest)).text()).toBe(manifest)
    })
  })
})
