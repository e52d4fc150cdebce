import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  always,
  type Client,
  chunkedBody,
  clientOf,
  digestOf,
  expectError,
  headersOf,
  type Sending,
  unknownDigest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const location = new RegExp(`^/v2/app/blobs/uploads/(${uuid})$`)
const digest = digestOf('hello world')

/** Headers of an answer that says where a session stands. */
function placeOf(session: string, range: string): Record<string, string> {
  const id = location.exec(session)?.[1] ?? ''
  return { location: session, range, 'docker-upload-uuid': id }
}

function blobPlace(of: string): Record<string, string> {
  return {
    ...always,
    location: `/v2/app/blobs/${of}`,
    'docker-content-digest': of,
    'content-length': '0',
  }
}

describe.each(registries)('pushing blobs to $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
  })
  afterEach(() => made.end())

  const patch = (session: string, sending: Sending): Promise<Response> =>
    client.send('PATCH', session, sending)
  const put = (session: string, of: string, sending: Sending = {}): Promise<Response> =>
    client.send('PUT', `${session}?digest=${of}`, sending)
  const ranged = (range: string, body: Sending['body'] = ''): Sending => ({
    headers: { 'Content-Range': range },
    body,
  })

  async function expectOffset(session: string, offset: number): Promise<void> {
    const response = await client.send('GET', session)
    const range = `0-${Math.max(offset - 1, 0)}`
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(headersOf(response)).toEqual({ ...always, ...placeOf(session, range) })
  }

  async function expectGone(session: string): Promise<void> {
    const unknown = async (response: Promise<Response>): Promise<void> => {
      await expectError(await response, 404, 'BLOB_UPLOAD_UNKNOWN')
    }
    await unknown(client.send('GET', session))
    await unknown(patch(session, { body: 'x' }))
    await unknown(put(session, digest))
    await unknown(client.send('DELETE', session))
  }

  const stored = async (of: string): Promise<boolean> =>
    (await client.send('HEAD', `/v2/app/blobs/${of}`)).status === 200

  /** The session still takes a blob to its end. */
  async function expectUsable(session: string, soFar: string): Promise<void> {
    const rest = 'and the end'
    await expectOffset(session, soFar.length)
    const response = await put(session, digestOf(soFar + rest), { body: rest })
    expect(response.status).toBe(201)
    expect(await stored(digestOf(soFar + rest))).toBe(true)
  }

  describe('POST', () => {
    test.each(['/v2/app/blobs/uploads/', '/v2/app/blobs/uploads'])(
      '%s opens a session',
      async (path) => {
        const response = await client.send('POST', path)
        expect(response.status).toBe(202)
        const session = response.headers.get('location') ?? ''
        expect(session).toMatch(location)
        expect(headersOf(response)).toEqual({
          ...always,
          ...placeOf(session, '0-0'),
          'content-length': '0',
        })
        await expectOffset(session, 0)
      },
    )

    test('sessions are not each other', async () => {
      const [a, b] = [await client.openUpload('app'), await client.openUpload('app')]
      expect(a).not.toBe(b)
      await patch(a, { body: 'hello' })
      await expectOffset(a, 5)
      await expectOffset(b, 0)
    })

    test.each(['sha256', 'sha512'])('?digest-algorithm=%s is taken', async (algorithm) => {
      const session = await client.openUpload('app', `?digest-algorithm=${algorithm}`)
      await patch(session, { body: 'hello ' })
      const wide = digestOf('hello world', algorithm)
      const response = await put(session, wide, { body: 'world' })
      expect([response.status, headersOf(response)]).toEqual([201, blobPlace(wide)])
    })

    test.each(['md5', 'blake3', '', 'constructor', 'SHA256'])(
      '?digest-algorithm=%s is not',
      async (algorithm) => {
        const path = `/v2/app/blobs/uploads/?digest-algorithm=${algorithm}`
        await expectError(await client.send('POST', path), 400, 'DIGEST_INVALID')
      },
    )

    test('?digest stores a blob at once', async () => {
      const response = await client.send('POST', `/v2/app/blobs/uploads/?digest=${digest}`, {
        body: 'hello world',
      })
      expect([response.status, headersOf(response)]).toEqual([201, blobPlace(digest)])
      expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('hello world')
    })

    test('?digest takes a chunked body, and an encoded digest', async () => {
      const path = `/v2/app/blobs/uploads/?digest=${encodeURIComponent(digest)}`
      const response = await client.send('POST', path, { body: chunkedBody('hello ', 'world') })
      expect(response.status).toBe(201)
      expect(await stored(digest)).toBe(true)
    })

    test('?digest of nothing stores the empty blob', async () => {
      for (const sending of [{}, { body: chunkedBody() }]) {
        const empty = digestOf('')
        const path = `/v2/app/blobs/uploads/?digest=${empty}`
        expect((await client.send('POST', path, sending)).status).toBe(201)
        expect(await stored(empty)).toBe(true)
      }
    })

    test('?digest of something else stores nothing', async () => {
      const path = `/v2/app/blobs/uploads/?digest=${digest}`
      await expectError(await client.send('POST', path, { body: 'hello' }), 400, 'DIGEST_INVALID')
      expect(await stored(digest)).toBe(false)
      expect(await stored(digestOf('hello'))).toBe(false)
    })

    test.each(['', 'sha256:abc', `sha256:${'A'.repeat(64)}`, `md5:${'0'.repeat(32)}`, 'latest'])(
      '?digest=%s is refused',
      async (bad) => {
        const path = `/v2/app/blobs/uploads/?digest=${bad}`
        await expectError(await client.send('POST', path, { body: 'x' }), 400, 'DIGEST_INVALID')
      },
    )

    test('?digest with a length that is not the body leaves nothing', async () => {
      const path = `/v2/app/blobs/uploads/?digest=${digest}`
      const sending = { headers: { 'Content-Length': '20' }, body: chunkedBody('hello world') }
      await expectError(await client.send('POST', path, sending), 400, 'SIZE_INVALID', {})
      expect(await stored(digest)).toBe(false)
    })

    test('refuses a bad name, and opens nothing for other methods', async () => {
      await expectError(await client.send('POST', '/v2/App/blobs/uploads/'), 400, 'NAME_INVALID')
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        const response = await client.send(method, '/v2/app/blobs/uploads/')
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
      }
    })
  })

  describe('PATCH', () => {
    let session: string
    beforeEach(async () => {
      session = await client.openUpload('app')
    })

    const expectAppended = async (response: Response, offset: number): Promise<void> => {
      expect([response.status, await response.text()]).toEqual([202, ''])
      expect(headersOf(response)).toEqual({
        ...always,
        ...placeOf(session, `0-${offset - 1}`),
        'content-length': '0',
      })
      await expectOffset(session, offset)
    }

    test('appends with a length, without one, and with a range', async () => {
      await expectAppended(await patch(session, { body: 'hello' }), 5)
      await expectAppended(await patch(session, { body: chunkedBody(' ', 'wo') }), 8)
      await expectAppended(await patch(session, ranged('8-9', 'rl')), 10)
      await expectAppended(await patch(session, ranged('10-10', chunkedBody('d'))), 11)
      expect((await put(session, digest)).status).toBe(201)
      expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('hello world')
    })

    test('a first byte alone moves 0-0 to 0-0', async () => {
      await expectAppended(await patch(session, ranged('0-0', 'h')), 1)
      await expectUsable(session, 'h')
    })

    test.each([
      ['a gap', '6-10', 'world'],
      ['a replay', '0-4', 'hello'],
      ['an overlap', '4-9', 'o worl'],
      ['a replay of another length', '0-3', 'hello'],
    ])('%s is 416 and says where to go on', async (_, range, body) => {
      await patch(session, { body: 'hello' })
      const response = await patch(session, ranged(range, body))
      await expectError(response, 416, 'BLOB_UPLOAD_INVALID', placeOf(session, '0-4'))
      await expectUsable(session, 'hello')
    })

    test.each(['1-5', '5-9'])('a start at %s is 416 on an empty session', async (range) => {
      const response = await patch(session, ranged(range, 'hello'))
      await expectError(response, 416, 'BLOB_UPLOAD_INVALID', placeOf(session, '0-0'))
      await expectUsable(session, '')
    })

    test.each(['bytes 0-4/5', '0-4/5', '0-', '-4', 'a-b', '4', '', '0-4,5-9', '-1-4', '5-0'])(
      'a Content-Range of %j is none',
      async (range) => {
        const response = await patch(session, ranged(range, 'hello'))
        await expectError(response, 400, 'BLOB_UPLOAD_INVALID')
        await expectUsable(session, '')
      },
    )

    test.each([
      ['longer than its range', ranged('5-6', 'world')],
      ['shorter than its range', ranged('5-20', 'world')],
      ['chunked and longer than its range', ranged('5-6', chunkedBody('wo', 'rld'))],
      ['chunked and shorter than its range', ranged('5-20', chunkedBody('wo', 'rld'))],
      [
        'shorter than its length',
        { headers: { 'Content-Length': '6' }, body: chunkedBody('world') },
      ],
      [
        'longer than its length',
        { headers: { 'Content-Length': '4' }, body: chunkedBody('world') },
      ],
    ])('a body %s is rolled back', async (_, sending) => {
      await patch(session, { body: 'hello' })
      const response = await patch(session, sending)
      await expectError(response, 400, 'SIZE_INVALID', placeOf(session, '0-4'))
      await expectUsable(session, 'hello')
    })

    test.each(['-1', '1e3', 'x', '12345678901234567890', '0x5'])(
      'a Content-Length of %j is none',
      async (length) => {
        const sending = { headers: { 'Content-Length': length }, body: chunkedBody('hello') }
        await expectError(await patch(session, sending), 400, 'SIZE_INVALID')
        await expectUsable(session, '')
      },
    )

    test('an empty chunk changes nothing', async () => {
      await patch(session, { body: 'hello' })
      await expectAppended(await patch(session, {}), 5)
      await expectAppended(await patch(session, { body: chunkedBody() }), 5)
      await expectUsable(session, 'hello')
    })

    test('many small chunks are one blob', async () => {
      const text = 'many small chunks'
      for (const letter of text) await patch(session, { body: letter })
      expect((await put(session, digestOf(text))).status).toBe(201)
      expect(await (await client.send('GET', `/v2/app/blobs/${digestOf(text)}`)).text()).toBe(text)
    })
  })

  describe('PUT', () => {
    let session: string
    beforeEach(async () => {
      session = await client.openUpload('app')
    })

    test.each([
      ['the whole body at once', null, { body: 'hello world' }],
      ['chunked, at once', null, { body: chunkedBody('hello', ' world') }],
      ['an empty one after PATCH', 'hello world', {}],
      ['an empty chunked one after PATCH', 'hello world', { body: chunkedBody() }],
      ['the rest after PATCH', 'hello', { body: ' world' }],
      ['the rest with its range', 'hello', ranged('5-10', ' world')],
      ['the whole with its range', null, ranged('0-10', 'hello world')],
      ['an empty one with any range', 'hello world', ranged('0-0')],
      ['an empty one with the range CUE sends', 'hello world', ranged('11-10')],
      ['an empty one with a range that is none', 'hello world', ranged('bytes 0-10/11')],
    ])('%s ends the session', async (_, before, sending) => {
      if (before !== null) await patch(session, { body: before })
      const response = await put(session, digest, sending)
      expect([response.status, await response.text()]).toEqual([201, ''])
      expect(headersOf(response)).toEqual(blobPlace(digest))
      expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('hello world')
      await expectGone(session)
    })

    test('the empty blob needs no body at all', async () => {
      expect((await put(session, digestOf(''))).status).toBe(201)
      expect(await stored(digestOf(''))).toBe(true)
      await expectGone(session)
    })

    test.each(['sha256', 'sha512'])('%s may become known only at the end', async (algorithm) => {
      await patch(session, { body: 'hello ' })
      await patch(session, { body: 'wor' })
      const wide = digestOf('hello world', algorithm)
      const response = await put(session, wide, { body: 'ld' })
      expect([response.status, headersOf(response)]).toEqual([201, blobPlace(wide)])
      expect(await (await client.send('GET', `/v2/app/blobs/${wide}`)).text()).toBe('hello world')
    })

    test('another digest destroys the session and stores nothing', async () => {
      await patch(session, { body: 'hello' })
      await expectError(await put(session, digest, { body: ' there' }), 400, 'DIGEST_INVALID')
      await expectGone(session)
      for (const text of ['hello there', 'hello world', 'hello']) {
        expect(await stored(digestOf(text))).toBe(false)
      }
    })

    test.each([
      ['another digest of sha512', digestOf('other', 'sha512')],
      ['the digest of the first half', digestOf('hello')],
      ['the digest of nothing', digestOf('')],
    ])('%s is refused after an empty PUT', async (_, wrong) => {
      await patch(session, { body: 'hello world' })
      await expectError(await put(session, wrong), 400, 'DIGEST_INVALID')
      await expectGone(session)
      expect(await stored(wrong)).toBe(false)
    })

    test.each([
      '',
      '?digest=',
      '?digest=sha256:abc',
      `?digest=md5:${'0'.repeat(32)}`,
      '?digest=latest',
    ])('%s changes nothing', async (query) => {
      await patch(session, { body: 'hello' })
      const response = await client.send('PUT', `${session}${query}`, { body: ' world' })
      await expectError(response, 400, 'DIGEST_INVALID')
      await expectUsable(session, 'hello')
    })

    test.each(['0-5', '4-9', '6-11'])('a body at %s is 416', async (range) => {
      await patch(session, { body: 'hello' })
      const response = await put(session, digest, ranged(range, ' world'))
      await expectError(response, 416, 'BLOB_UPLOAD_INVALID', placeOf(session, '0-4'))
      expect(await stored(digest)).toBe(false)
      await expectUsable(session, 'hello')
    })

    test('a body of another length than its range is rolled back', async () => {
      await patch(session, { body: 'hello' })
      const response = await put(session, digest, ranged('5-7', ' world'))
      await expectError(response, 400, 'SIZE_INVALID', placeOf(session, '0-4'))
      await expectUsable(session, 'hello')
    })

    test('a range that is none is refused where there are bytes', async () => {
      const response = await put(session, digest, ranged('bytes 0-10/11', 'hello world'))
      await expectError(response, 400, 'BLOB_UPLOAD_INVALID')
      await expectUsable(session, '')
    })

    test('two sessions may end in the same blob', async () => {
      const other = await client.openUpload('app')
      const both = await Promise.all([
        put(session, digest, { body: 'hello world' }),
        put(other, digest, { body: chunkedBody('hello', ' world') }),
      ])
      expect(both.map((response) => response.status)).toEqual([201, 201])
      expect(await (await client.send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('hello world')
    })
  })

  describe('GET and DELETE', () => {
    test('every earlier Location still tells the truth', async () => {
      const posted = await client.send('POST', '/v2/app/blobs/uploads/')
      const first = posted.headers.get('location') ?? ''
      const patched = await patch(first, { body: 'hello' })
      const second = patched.headers.get('location') ?? ''
      await patch(second, { body: ' world' })
      for (const place of [first, second, `${first}?digest=${digest}`, `${second}?x=1`]) {
        const response = await client.send('GET', place)
        expect([response.status, response.headers.get('range')]).toEqual([204, '0-10'])
      }
      const stale = await patch(first, ranged('5-9', ' worl'))
      expect(stale.status).toBe(416)
    })

    test('HEAD is GET', async () => {
      const session = await client.openUpload('app')
      const response = await client.send('HEAD', session)
      expect([response.status, response.body]).toEqual([204, null])
      expect(headersOf(response)).toEqual({ ...always, ...placeOf(session, '0-0') })
    })

    test('DELETE ends a session and drops its bytes', async () => {
      const session = await client.openUpload('app')
      await patch(session, { body: 'hello' })
      const response = await client.send('DELETE', session)
      expect([response.status, await response.text()]).toEqual([204, ''])
      expect(headersOf(response)).toEqual(always)
      await expectGone(session)
    })

    test('POST is no method of a session', async () => {
      const session = await client.openUpload('app')
      const allow = 'PATCH, PUT, GET, HEAD, DELETE'
      await expectError(await client.send('POST', session), 405, 'UNSUPPORTED', { allow })
    })

    test.each([
      ['a session nobody opened', '/v2/app/blobs/uploads/00000000-0000-4000-8000-000000000000'],
      ['no session id', '/v2/app/blobs/uploads/x'],
      ['a digest', `/v2/app/blobs/uploads/${unknownDigest}`],
      ['a path', '/v2/app/blobs/uploads/..%255c..'],
    ])('%s is unknown', async (_, session) => {
      await expectGone(session)
    })

    test('another repository knows nothing of a session, and cannot hurt it', async () => {
      const session = await client.openUpload('app')
      await patch(session, { body: 'hello' })
      await expectGone(session.replace('/app/', '/other/'))
      await expectUsable(session, 'hello')
    })

    test('an id in other case is another id', async () => {
      const session = await client.openUpload('app')
      await expectGone(session.replace(/[^/]+$/, (id) => `${id.slice(0, -1)}G`))
    })
  })
})
