import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { always, type Client, clientOf, digestOf, headersOf, unknownDigest } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const content = 'shared'
const digest = digestOf(content)

describe.each(registries)('mounting blobs on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
    await client.pushBlob('source', content)
  })
  afterEach(() => made.end())

  const post = (query: string): Promise<Response> =>
    client.send('POST', `/v2/target/blobs/uploads/${query}`)
  const has = async (repository: string): Promise<boolean> =>
    (await client.send('HEAD', `/v2/${repository}/blobs/${digest}`)).status === 200

  test.each([
    ['from a named repository', `?mount=${digest}&from=source`],
    ['from wherever it is', `?mount=${digest}`],
    [
      'with everything encoded',
      `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent('source')}`,
    ],
    ['with the rest that Docker sends', `?from=source&mount=${digest}&x=y`],
  ])('%s', async (_, query) => {
    const response = await post(query)
    expect([response.status, await response.text()]).toEqual([201, ''])
    expect(headersOf(response)).toEqual({
      ...always,
      location: `/v2/target/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    expect(await (await client.send('GET', `/v2/target/blobs/${digest}`)).text()).toBe(content)
  })

  test.each([
    ['an unknown blob', `?mount=${unknownDigest}&from=source`],
    ['an unknown blob from anywhere', `?mount=${unknownDigest}`],
    ['an unknown repository', `?mount=${digest}&from=nobody`],
    ['a blob beside a digest of its own', `?mount=${unknownDigest}&from=source&digest=${digest}`],
    ['a source as ollama names it', `?mount=${digest}&from=llama3:latest`],
    ['a source with a port', `?mount=${digest}&from=localhost:5000/source`],
    ['a source in uppercase', `?mount=${digest}&from=Source`],
    ['a source with a path', `?mount=${digest}&from=../source`],
    ['an empty source', `?mount=${digest}&from=`],
    ['an empty digest', '?mount=&from=source'],
    ['a malformed digest', '?mount=sha256:abc&from=source'],
    ['a digest in uppercase', `?mount=${digest.toUpperCase()}&from=source`],
    ['a digest of another algorithm', `?mount=md5:${'0'.repeat(32)}&from=source`],
    ['a malformed digest from anywhere', '?mount=latest'],
  ])('%s opens a session instead', async (_, query) => {
    const response = await post(query)
    expect(response.status).toBe(202)
    const session = response.headers.get('location') ?? ''
    expect(session).toMatch(/^\/v2\/target\/blobs\/uploads\/[0-9a-f-]{36}$/)
    expect(headersOf(response)).toEqual({
      ...always,
      location: session,
      range: '0-0',
      'docker-upload-uuid': session.slice(-36),
      'content-length': '0',
    })
    expect(await has('target')).toBe(false)
    const put = await client.send('PUT', `${session}?digest=${digest}`, { body: content })
    expect(put.status).toBe(201)
  })

  test('what was mounted stays when the source deletes its own', async () => {
    await post(`?mount=${digest}&from=source`)
    await client.send('DELETE', `/v2/source/blobs/${digest}`)
    expect(await has('source')).toBe(false)
    expect(await has('target')).toBe(true)
    expect((await post(`?mount=${digest}&from=source`)).status).toBe(202)
  })

  test('a manifest is not mounted as a blob', async () => {
    const { digest: manifest } = await client.pushImage('source', 'latest')
    for (const query of [`?mount=${manifest}&from=source`, `?mount=${manifest}`]) {
      expect((await post(query)).status).toBe(202)
    }
  })
})
