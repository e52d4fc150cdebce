import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  always,
  type Client,
  clientOf,
  digestOf,
  expectError,
  headersOf,
  unknownDigest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const content = '0123456789'
const digest = digestOf(content)
const path = `/v2/app/blobs/${digest}`
const blobHeaders = {
  ...always,
  'accept-ranges': 'bytes',
  'cache-control': 'max-age=31536000, immutable, no-transform',
  'content-disposition': 'attachment',
  'content-length': '10',
  'content-security-policy': "default-src 'none'; sandbox",
  'content-type': 'application/octet-stream',
  'docker-content-digest': digest,
  etag: `"${digest}"`,
}

describe.each(registries)('pulling blobs from $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
    await client.pushBlob('app', content)
  })
  afterEach(() => made.end())

  test('GET sends the bytes', async () => {
    const response = await client.send('GET', path)
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(blobHeaders)
    expect(await response.text()).toBe(content)
  })

  test('HEAD sends the same headers and no bytes', async () => {
    const response = await client.send('HEAD', path)
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(blobHeaders)
    expect(response.body).toBeNull()
  })

  test('a digest may come with its colon encoded', async () => {
    const response = await client.send('GET', path.replace('sha256:', 'sha256%3A'))
    expect(await response.text()).toBe(content)
  })

  test('sha512 is as good', async () => {
    const wide = digestOf(content, 'sha512')
    const session = await client.openUpload('app')
    const pushed = await client.send('PUT', `${session}?digest=${wide}`, { body: content })
    expect(pushed.status).toBe(201)
    const response = await client.send('GET', `/v2/app/blobs/${wide}`)
    expect(await response.text()).toBe(content)
    expect(response.headers.get('docker-content-digest')).toBe(wide)
  })

  test('an empty blob is a blob', async () => {
    const empty = await client.pushBlob('app', '')
    const response = await client.send('GET', `/v2/app/blobs/${empty}`)
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0'])
    expect(await response.text()).toBe('')
    const ranged = await client.send('GET', `/v2/app/blobs/${empty}`, {
      headers: { Range: 'bytes=0-' },
    })
    expect(ranged.status).toBe(200)
  })

  describe.each(['GET', 'HEAD'])('%s refuses', (method) => {
    const refused = async (target: string, status: number, code: string): Promise<void> => {
      const response = await client.send(method, target)
      if (method === 'GET') {
        await expectError(response, status, code)
      } else {
        expect([response.status, response.body]).toEqual([status, null])
      }
    }

    test.each([
      ['an unknown blob', `/v2/app/blobs/${unknownDigest}`, 404, 'BLOB_UNKNOWN'],
      ['an unknown repository', `/v2/other/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
      ['another algorithm', `/v2/app/blobs/blake3:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
      ['uppercase hex', `/v2/app/blobs/sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
      ['a short digest', '/v2/app/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
      ['no digest at all', '/v2/app/blobs/latest', 400, 'DIGEST_INVALID'],
      ['a bad name', `/v2/App/blobs/${digest}`, 400, 'NAME_INVALID'],
      ['a name too long', `/v2/${'a'.repeat(256)}/blobs/${digest}`, 400, 'NAME_INVALID'],
    ])('%s', async (_, target, status, code) => {
      await refused(target, status, code)
    })
  })

  test('other methods are not for blobs', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'OPTIONS']) {
      const allow = 'GET, HEAD, DELETE'
      await expectError(await client.send(method, path), 405, 'UNSUPPORTED', { allow })
    }
    expect(await (await client.send('GET', path)).text()).toBe(content)
  })

  describe('ranges', () => {
    test.each([
      ['bytes=0-3', '0123', 'bytes 0-3/10'],
      ['bytes=4-', '456789', 'bytes 4-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-30', content, 'bytes 0-9/10'],
      ['bytes=8-99', '89', 'bytes 8-9/10'],
      ['bytes=0-', content, 'bytes 0-9/10'],
      ['bytes=9-9', '9', 'bytes 9-9/10'],
    ])('%s is %s', async (range, expected, contentRange) => {
      const response = await client.send('GET', path, { headers: { Range: range } })
      expect(response.status).toBe(206)
      expect(headersOf(response)).toEqual({
        ...blobHeaders,
        'content-length': String(expected.length),
        'content-range': contentRange,
      })
      expect(await response.text()).toBe(expected)
    })

    test.each(['bytes=10-', 'bytes=10-12', 'bytes=500-0', 'bytes=3-2', 'bytes=-0'])(
      '%s is not there',
      async (range) => {
        const response = await client.send('GET', path, { headers: { Range: range } })
        await expectError(response, 416, 'UNSUPPORTED', { 'content-range': 'bytes */10' })
      },
    )

    test.each(['bytes=0-9,0-9', 'lines=0-1', 'bytes=a-b', 'bytes=0-1,x', 'nonsense'])(
      '%s is ignored',
      async (range) => {
        const response = await client.send('GET', path, { headers: { Range: range } })
        expect(response.status).toBe(200)
        expect(headersOf(response)).toEqual(blobHeaders)
        expect(await response.text()).toBe(content)
      },
    )

    test('several are parts of one body', async () => {
      const headers = { Range: 'bytes=0-1,5-6' }
      const response = await client.send('GET', path, { headers })
      expect(response.status).toBe(206)
      const type = response.headers.get('content-type') ?? ''
      const [, boundary = ''] = /^multipart\/byteranges; boundary=([0-9a-f-]{36})$/.exec(type) ?? []
      const body = [
        `--${boundary}`,
        'Content-Type: application/octet-stream',
        'Content-Range: bytes 0-1/10',
        '',
        '01',
        `--${boundary}`,
        'Content-Type: application/octet-stream',
        'Content-Range: bytes 5-6/10',
        '',
        '56',
        `--${boundary}--`,
        '',
      ].join('\r\n')
      expect(await response.text()).toBe(body)
      expect(headersOf(response)).toEqual({
        ...blobHeaders,
        'content-type': type,
        'content-length': String(body.length),
      })
    })

    test('several of which one is there are that one', async () => {
      const headers = { Range: 'bytes=99-,5-6' }
      const response = await client.send('GET', path, { headers })
      expect([response.status, await response.text()]).toEqual([206, '56'])
      expect(response.headers.get('content-range')).toBe('bytes 5-6/10')
    })

    test('several may be given up in the middle', async () => {
      const big = await client.pushBlob('app', new Uint8Array(900_000).fill(7))
      for (const reads of [0, 1, 2, 5]) {
        const headers = { Range: 'bytes=0-299999,400000-699999' }
        const response = await client.send('GET', `/v2/app/blobs/${big}`, { headers })
        const reader = response.body?.getReader()
        for (let read = 0; read < reads; read += 1) await reader?.read()
        await reader?.cancel()
      }
      expect((await client.send('HEAD', `/v2/app/blobs/${big}`)).status).toBe(200)
    })

    test('HEAD ignores them', async () => {
      for (const range of ['bytes=0-3', 'bytes=99-', 'bytes=0-1,5-6']) {
        const response = await client.send('HEAD', path, { headers: { Range: range } })
        expect([response.status, headersOf(response)]).toEqual([200, blobHeaders])
      }
    })

    test.each([
      [`"${digest}"`, 206],
      [`W/"${digest}"`, 200],
      [`"${unknownDigest}"`, 200],
      ['Wed, 21 Oct 2015 07:28:00 GMT', 200],
      ['nonsense', 200],
      ['"', 200],
      ['', 200],
    ])('If-Range: %s answers %d', async (condition, status) => {
      const headers = { Range: 'bytes=0-3', 'If-Range': condition }
      const response = await client.send('GET', path, { headers })
      expect(response.status).toBe(status)
      expect(await response.text()).toBe(status === 206 ? '0123' : content)
    })
  })

  describe('If-None-Match', () => {
    const notModified = {
      ...always,
      'cache-control': 'max-age=31536000, immutable, no-transform',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    }

    test.each([
      `"${digest}"`,
      `W/"${digest}"`,
      digest,
      '*',
      `"x", "${digest}"`,
      `"x",W/"${digest}" , "y"`,
    ])('%s is what the client has', async (condition) => {
      for (const method of ['GET', 'HEAD']) {
        const headers = { 'If-None-Match': condition, Range: 'bytes=0-1' }
        const response = await client.send(method, path, { headers })
        expect([response.status, response.body]).toEqual([304, null])
        expect(headersOf(response)).toEqual(notModified)
      }
    })

    test.each(['"x"', '', `"${digest}x"`, digest.slice(0, -1)])('%j is not', async (condition) => {
      const response = await client.send('GET', path, { headers: { 'If-None-Match': condition } })
      expect(await response.text()).toBe(content)
    })

    test('tells nobody of a blob that is not there', async () => {
      const headers = { 'If-None-Match': '*' }
      const response = await client.send('GET', `/v2/other/blobs/${digest}`, { headers })
      await expectError(response, 404, 'BLOB_UNKNOWN')
    })
  })

  test('is never compressed', async () => {
    const headers = { 'Accept-Encoding': 'gzip, zstd, br' }
    const response = await client.send('GET', path, { headers })
    expect(response.headers.get('content-encoding')).toBeNull()
    expect(await response.text()).toBe(content)
  })

  test('may be given up in the middle', async () => {
    const big = await client.pushBlob('app', new Uint8Array(300_000).fill(7))
    const response = await client.send('GET', `/v2/app/blobs/${big}`)
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect((await client.send('HEAD', `/v2/app/blobs/${big}`)).status).toBe(200)
  })

  describe('DELETE', () => {
    test('takes the blob out of this repository, and not of others', async () => {
      await client.pushBlob('other', content)
      const response = await client.send('DELETE', path)
      expect(response.status).toBe(202)
      expect(headersOf(response)).toEqual({ ...always, 'content-length': '0' })
      await expectError(await client.send('GET', path), 404, 'BLOB_UNKNOWN')
      await expectError(await client.send('DELETE', path), 404, 'BLOB_UNKNOWN')
      expect(await (await client.send('GET', `/v2/other/blobs/${digest}`)).text()).toBe(content)
      expect((await client.send('GET', '/v2/app/tags/list')).status).toBe(200)
      await client.pushBlob('app', content)
      expect(await (await client.send('GET', path)).text()).toBe(content)
    })

    test.each([
      ['an unknown blob', `/v2/app/blobs/${unknownDigest}`, 404, 'BLOB_UNKNOWN'],
      ['an unknown repository', `/v2/other/blobs/${digest}`, 404, 'BLOB_UNKNOWN'],
      ['another algorithm', `/v2/app/blobs/blake3:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
      ['no digest', '/v2/app/blobs/sha256:x', 400, 'DIGEST_INVALID'],
    ])('refuses %s', async (_, target, status, code) => {
      await expectError(await client.send('DELETE', target), status, code)
      expect((await client.send('HEAD', path)).status).toBe(200)
    })

    test('may be turned off: 405, not 400', async () => {
      const closed = await make({ deletes: false })
      const other = clientOf(closed.registry)
      await other.pushBlob('app', content)
      await expectError(await other.send('DELETE', path), 405, 'UNSUPPORTED')
      expect(await (await other.send('GET', path)).text()).toBe(content)
      await closed.end()
    })
  })

  test('a manifest is no blob, and a blob no manifest', async () => {
    const { digest: manifest, config } = await client.pushImage('app', 'latest')
    await expectError(await client.send('GET', `/v2/app/blobs/${manifest}`), 404, 'BLOB_UNKNOWN')
    await expectError(
      await client.send('GET', `/v2/app/manifests/${config}`),
      404,
      'MANIFEST_UNKNOWN',
    )
  })
})
