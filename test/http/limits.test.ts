import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RegistryLimits } from '../../src/options.ts'
import {
  type Client,
  chunkedBody,
  clientOf,
  controlledBody,
  digestOf,
  expectError,
  imageManifest,
  ociManifest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const layer = 'a layer'
const later = { 'retry-after': '60' }

describe.each(registries)('limits on $name', ({ make }) => {
  let made: MadeRegistry | null = null
  afterEach(() => made?.end())

  async function limited(limits: Partial<RegistryLimits>): Promise<Client> {
    made = await make({ limits })
    return clientOf(made.registry)
  }
  const post = (client: Client, query = ''): Promise<Response> =>
    client.send('POST', `/v2/app/blobs/uploads/${query}`)

  describe('descriptorsPerManifest', () => {
    const layers = Array.from({ length: 3 }, (_, number) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(`layer ${number}`),
      size: 7,
    }))
    const put = (client: Client, layers: readonly object[]): Promise<Response> =>
      client.send('PUT', '/v2/app/manifests/latest', {
        headers: { 'Content-Type': ociManifest },
        body: imageManifest(layer, { layers }),
      })

    test('a manifest that names as many is taken, and one more is refused', async () => {
      const client = await limited({ descriptorsPerManifest: 2 })
      for (const content of ['{}', 'layer 0', 'layer 1', 'layer 2']) {
        await client.pushBlob('app', content)
      }
      const [error] = await expectError(await put(client, layers), 400, 'MANIFEST_INVALID')
      expect(error?.message).toMatch(/^manifest invalid: .*split it/)
      expect(error?.detail).toEqual({ field: 'layers', limit: 2 })
      expect((await put(client, layers.slice(1))).status).toBe(201)
    })
  })

  test('a manifest that names thousands of missing blobs is told of the first', async () => {
    const client = await limited({})
    const layers = Array.from({ length: 5000 }, (_, number) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(String(number)),
      size: 1,
    }))
    const answer = await client.send('PUT', '/v2/app/manifests/latest', {
      headers: { 'Content-Type': ociManifest },
      body: imageManifest(layer, { layers }),
    })
    expect(await expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')).toHaveLength(100)
  })

  test.each([
    ['empty layers', '"layers":[', '{}', ']'],
    ['empty manifests', '"manifests":[', '{}', ']'],
    ['keys', '', '"a":0', ''],
    ['annotations', '"annotations":{', '"a":""', '}'],
    ['an artifactType', '"artifactType":"a/b', ',', '"'],
    ['a media type of a config', '"config":{"mediaType":"a/b', ',', '"}'],
  ])('4 MiB of %s is refused with a short answer', async (_, before, unit, after) => {
    const client = await limited({})
    const room = 4 * 1024 * 1024 - 100
    const filled = Array(Math.floor(room / (unit.length + 1))).fill(unit)
    const response = await client.send('PUT', '/v2/app/manifests/latest', {
      headers: { 'Content-Type': ociManifest },
      body: `{"schemaVersion":2,${before}${filled.join(',')}${after}}`,
    })
    const [error] = await expectError(response, 400, 'MANIFEST_INVALID')
    expect(JSON.stringify(error).length).toBeLessThan(500)
  })

  describe('manifestBytes', () => {
    const size = 1000
    const manifestOf = (bytes: number): string => {
      const bare = imageManifest(layer, { layers: [], annotations: { filler: '' } })
      return bare.replace('"filler":""', `"filler":"${'x'.repeat(bytes - bare.length)}"`)
    }
    let client: Client
    beforeEach(async () => {
      client = await limited({ manifestBytes: size })
      await client.pushBlob('app', '{}')
    })
    const put = (body: string | ReadableStream<Uint8Array>): Promise<Response> =>
      client.send('PUT', '/v2/app/manifests/latest', {
        headers: { 'Content-Type': ociManifest },
        body,
      })

    test('one of that size is taken, with a length and without', async () => {
      expect((await put(manifestOf(size))).status).toBe(201)
      expect((await put(chunkedBody(manifestOf(size)))).status).toBe(201)
    })

    test('a byte more is 413, with a length and without', async () => {
      const text = manifestOf(size + 1)
      for (const body of [text, chunkedBody(text), chunkedBody(...text)]) {
        await expectError(await put(body), 413, 'MANIFEST_INVALID')
      }
      expect((await client.send('GET', '/v2/app/manifests/latest')).status).toBe(404)
      expect((await put(manifestOf(size - 1))).status).toBe(201)
    })

    test('one without an end is given up early', async () => {
      const body = controlledBody()
      const answer = put(body.stream)
      body.push('x'.repeat(size))
      body.push('x')
      await expectError(await answer, 413, 'MANIFEST_INVALID')
      await body.cancelled
    })
  })

  test('by default a manifest may be 4 MiB, as the specification wants, and no more', async () => {
    const client = await limited({})
    await client.pushBlob('app', '{}')
    const config = { mediaType: 'a/b', digest: digestOf('{}'), size: 2 }
    const text = JSON.stringify({ schemaVersion: 2, config, layers: [] })
    const mib4 = text.padEnd(4 * 1024 * 1024, ' ')
    expect(await client.pushManifest('app', 'large', mib4)).toBe(digestOf(mib4))
    const got = await client.send('GET', '/v2/app/manifests/large')
    expect(digestOf(await got.text())).toBe(digestOf(mib4))
    const response = await client.send('PUT', '/v2/app/manifests/large', {
      headers: { 'Content-Type': ociManifest },
      body: `${mib4} `,
    })
    await expectError(response, 413, 'MANIFEST_INVALID')
  })

  describe('blobBytes', () => {
    const fits = 'x'.repeat(100)
    const long = `${fits}y`
    let client: Client
    beforeEach(async () => {
      client = await limited({ blobBytes: 100 })
    })

    test('one of that size is taken', async () => {
      await client.pushBlob('app', fits)
      const session = await client.openUpload('app')
      await client.send('PATCH', session, { body: fits.slice(0, 60) })
      const path = `${session}?digest=${digestOf(fits)}`
      expect((await client.send('PUT', path, { body: chunkedBody(fits.slice(60)) })).status).toBe(
        201,
      )
    })

    test('a byte more is 413 in one step, and stores nothing', async () => {
      for (const body of [long, chunkedBody(long)]) {
        const path = `/v2/app/blobs/uploads/?digest=${digestOf(long)}`
        await expectError(await client.send('POST', path, { body }), 413, 'SIZE_INVALID')
      }
      expect((await client.send('HEAD', `/v2/app/blobs/${digestOf(long)}`)).status).toBe(404)
    })

    test('a byte more is 413 in chunks, and the session stays as it was', async () => {
      const session = await client.openUpload('app')
      await client.send('PATCH', session, { body: fits.slice(0, 60) })
      const rest = long.slice(60)
      const path = `${session}?digest=${digestOf(long)}`
      for (const body of [rest, chunkedBody(rest), chunkedBody(...rest)]) {
        for (const [method, target] of [
          ['PATCH', session],
          ['PUT', path],
        ] as const) {
          const sent = typeof body === 'string' ? body : chunkedBody(rest)
          // Without Location and Range: a client that resumes by those would never stop.
          await expectError(await client.send(method, target, { body: sent }), 413, 'SIZE_INVALID')
        }
        expect((await client.send('GET', session)).headers.get('range')).toBe('0-59')
      }
      const last = await client.send('PUT', `${session}?digest=${digestOf(fits)}`, {
        body: fits.slice(60),
      })
      expect(last.status).toBe(201)
    })
  })

  describe('uploadSessions', () => {
    const openWithBytes = async (client: Client, repository: string): Promise<string> => {
      const session = await client.openUpload(repository)
      expect((await client.send('PATCH', session, { body: 'x' })).status).toBe(202)
      return session
    }

    test('one more with bytes is 429, until one ends', async () => {
      const client = await limited({ uploadSessions: 2 })
      const first = await openWithBytes(client, 'app')
      const second = await openWithBytes(client, 'other')
      await expectError(await post(client), 429, 'TOOMANYREQUESTS', later)
      expect((await client.send('DELETE', first)).status).toBe(204)
      await openWithBytes(client, 'app')
      await expectError(await post(client), 429, 'TOOMANYREQUESTS', later)
      await client.send('PUT', `${second}?digest=${digestOf('x')}`)
      await openWithBytes(client, 'app')
      await expectError(await post(client), 429, 'TOOMANYREQUESTS', later)
    })

    test('a session without bytes makes way for a new one', async () => {
      const client = await limited({ uploadSessions: 2 })
      const kept = await openWithBytes(client, 'app')
      const first = await client.openUpload('app')
      const second = await client.openUpload('app')
      expect((await client.send('GET', first)).status).toBe(404)
      expect((await client.send('GET', second)).status).toBe(204)
      expect((await client.send('GET', kept)).status).toBe(204)
    })

    test('a push in one step needs no session', async () => {
      const client = await limited({ uploadSessions: 1 })
      await openWithBytes(client, 'app')
      const path = `/v2/app/blobs/uploads/?digest=${digestOf('y')}`
      expect((await client.send('POST', path, { body: 'y' })).status).toBe(201)
    })

    test('a push in one step gives its place back, however it ended', async () => {
      const client = await limited({ uploadSessions: 1 })
      const push = async (body: string | ReadableStream<Uint8Array>): Promise<number> =>
        (await client.send('POST', `/v2/app/blobs/uploads/?digest=${digestOf('x')}`, { body }))
          .status
      const broken = controlledBody()
      broken.fail()
      expect([await push('x'), await push('y'), await push(broken.stream)]).toEqual([201, 400, 400])
      expect(await push(chunkedBody('x'))).toBe(201)
    })

    test('a mount needs none', async () => {
      const client = await limited({ uploadSessions: 1 })
      const digest = await client.pushBlob('source', 'x')
      await openWithBytes(client, 'app')
      expect((await post(client, `?mount=${digest}&from=source`)).status).toBe(201)
      expect((await post(client, `?mount=${digestOf('y')}&from=source`)).status).toBe(429)
    })

    test('callers that cannot be told apart share all of them', async () => {
      const client = await limited({ uploadSessions: 3, uploadSessionsPerOwner: 1 })
      for (let count = 0; count < 3; count += 1) await openWithBytes(client, 'app')
      await expectError(await post(client), 429, 'TOOMANYREQUESTS', later)
    })
  })

  describe('uploadBytes', () => {
    test('more than that in all sessions together is 429, and rolled back', async () => {
      const client = await limited({ uploadBytes: 100 })
      const [first, second] = [await client.openUpload('app'), await client.openUpload('app')]
      expect((await client.send('PATCH', first, { body: 'x'.repeat(70) })).status).toBe(202)
      const response = await client.send('PATCH', second, { body: 'y'.repeat(31) })
      await expectError(response, 429, 'TOOMANYREQUESTS', later)
      expect((await client.send('GET', second)).headers.get('range')).toBe('0-0')
      expect((await client.send('PATCH', second, { body: 'y'.repeat(30) })).status).toBe(202)
      await client.send('DELETE', first)
      expect((await client.send('PATCH', second, { body: 'y'.repeat(70) })).status).toBe(202)
      const path = `${second}?digest=${digestOf('y'.repeat(100))}`
      expect((await client.send('PUT', path)).status).toBe(201)
      expect((await client.send('HEAD', `/v2/app/blobs/${digestOf('y'.repeat(100))}`)).status).toBe(
        200,
      )
      await client.pushBlob('app', 'z'.repeat(100))
    })

    test('counts what is coming in, and what came in beside it', async () => {
      const client = await limited({ uploadBytes: 100 })
      const sessions = [await client.openUpload('app'), await client.openUpload('app')]
      const [first = '', second = ''] = sessions
      const slow = controlledBody()
      slow.push('x'.repeat(10))
      const slowly = client.send('PATCH', first, { body: slow.stream })
      await slow.drained()
      const more = await client.send('PATCH', second, { body: 'y'.repeat(91) })
      expect(more.status).toBe(429)
      expect((await client.send('PATCH', second, { body: 'y'.repeat(90) })).status).toBe(202)
      slow.push('x')
      slow.end()
      expect((await slowly).status).toBe(429)
      expect((await client.send('GET', first)).headers.get('range')).toBe('0-0')
    })

    test('what came in and went into a blob meanwhile counts no more', async () => {
      const client = await limited({ uploadBytes: 100 })
      const first = await client.openUpload('app')
      const slow = controlledBody()
      slow.push('x'.repeat(10))
      const slowly = client.send('PATCH', first, { body: slow.stream })
      await slow.drained()
      for (const letter of ['a', 'b', 'c']) await client.pushBlob('app', letter.repeat(90))
      slow.push('x'.repeat(80))
      slow.end()
      expect((await slowly).status).toBe(202)
    })
  })

  test('tagsPerPush: one more is 414, and nothing is stored', async () => {
    const client = await limited({ tagsPerPush: 3 })
    await client.pushBlob('app', '{}')
    await client.pushBlob('app', layer)
    const manifest = imageManifest(layer)
    const put = (tags: readonly string[]): Promise<Response> => {
      const query = tags.map((tag) => `tag=${tag}`).join('&')
      const path = `/v2/app/manifests/${digestOf(manifest)}?${query}`
      return client.send('PUT', path, { headers: { 'Content-Type': ociManifest }, body: manifest })
    }
    await expectError(await put(['a', 'b', 'c', 'd']), 414, 'MANIFEST_INVALID')
    expect((await client.send('HEAD', '/v2/app/manifests/a')).status).toBe(404)
    expect((await put(['a', 'b', 'c'])).headers.get('oci-tag')).toBe('a, b, c')
  })
})

describe.each(registries)('a read-only registry on $name', ({ make }) => {
  test('answers every read and refuses every change with 405', async () => {
    const made = await make({ readOnly: true })
    const client = clientOf(made.registry)
    const digest = digestOf('x')
    const session = '/v2/app/blobs/uploads/00000000-0000-4000-8000-000000000000'
    const changes = [
      ['POST', '/v2/app/blobs/uploads/'],
      ['POST', `/v2/app/blobs/uploads/?digest=${digest}`],
      ['POST', `/v2/app/blobs/uploads/?mount=${digest}&from=x`],
      ['POST', `/v2/app/blobs/uploads/?mount=${digest}`],
      ['PATCH', session],
      ['PUT', `${session}?digest=${digest}`],
      ['DELETE', session],
      ['PUT', '/v2/app/manifests/latest'],
      ['PUT', `/v2/app/manifests/${digest}?tag=a`],
      ['DELETE', '/v2/app/manifests/latest'],
      ['DELETE', `/v2/app/manifests/${digest}`],
      ['DELETE', `/v2/app/blobs/${digest}`],
    ] as const
    for (const [method, path] of changes) {
      const body = method === 'DELETE' ? '' : 'x'
      await expectError(await client.send(method, path, { body }), 405, 'UNSUPPORTED')
    }
    const reads = ['/v2/', '/v2/_catalog', `/v2/app/referrers/${digest}`]
    for (const path of reads) expect((await client.send('GET', path)).status).toBe(200)
    await expectError(await client.send('GET', '/v2/app/tags/list'), 404, 'NAME_UNKNOWN')
    await expectError(await client.send('GET', `/v2/app/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    await expectError(await client.send('GET', session), 404, 'BLOB_UPLOAD_UNKNOWN')
    await made.end()
  })

  test('without deletes everything else is as before', async () => {
    const made = await make({ deletes: false })
    const client = clientOf(made.registry)
    await client.pushImage('app', 'latest')
    const session = await client.openUpload('app')
    expect((await client.send('DELETE', session)).status).toBe(204)
    await made.end()
  })
})
