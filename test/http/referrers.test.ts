import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  always,
  type Client,
  clientOf,
  descriptorOf,
  digestOf,
  expectError,
  headersOf,
  imageManifest,
  ociConfig,
  ociIndex,
  ociManifest,
} from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

interface Listed {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

const layer = 'a layer'
const subjectText = imageManifest(layer)
const subject = digestOf(subjectText)
const path = `/v2/app/referrers/${subject}`

/** A manifest that refers to the subject. */
function referring(more: object): string {
  return imageManifest(layer, { subject: descriptorOf(subjectText, ociManifest), ...more })
}

describe.each(registries)('referrers on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make({ limits: { referrersBytes: 2000 } })
    client = clientOf(made.registry)
    await client.pushBlob('app', '{}')
    await client.pushBlob('app', layer)
  })
  afterEach(() => made.end())

  async function list(at = path): Promise<readonly Listed[]> {
    const response = await client.send('GET', at)
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    const { manifests, ...rest } = JSON.parse(text) as { manifests: readonly Listed[] }
    expect(rest).toEqual({ schemaVersion: 2, mediaType: ociIndex })
    return manifests
  }

  /** Follows every Link to the end. */
  async function listAll(at = path): Promise<{ pages: number; items: readonly Listed[] }> {
    const items: Listed[] = []
    let pages = 0
    for (let next: string | null = at; next !== null; pages += 1) {
      expect(pages).toBeLessThan(500)
      const response = await client.send('GET', next)
      items.push(...((await response.json()) as { manifests: Listed[] }).manifests)
      next = /^<(\/[^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? null
    }
    return { pages, items }
  }

  test.each([
    ['an unknown repository', `/v2/nobody/referrers/${subject}`],
    ['an unknown digest', path],
    ['the digest oras asks for', `/v2/app/referrers/sha256:${'0'.repeat(64)}`],
    ['an algorithm unknown here', `/v2/app/referrers/blake3:${'0'.repeat(64)}`],
    ['sha512', `/v2/app/referrers/sha512:${'0'.repeat(128)}`],
  ])('%s has none, and that is a 200', async (_, at) => {
    const response = await client.send('GET', at)
    expect(response.status).toBe(200)
    const text = `{"schemaVersion":2,"mediaType":"${ociIndex}","manifests":[]}`
    expect(headersOf(response)).toEqual({
      ...always,
      'cache-control': 'no-cache',
      'content-length': String(text.length),
      'content-type': ociIndex,
    })
    expect(await response.text()).toBe(text)
  })

  test('HEAD sends the same headers and no list', async () => {
    await client.pushManifest('app', 'a', referring({}))
    const [get, head] = [await client.send('GET', path), await client.send('HEAD', path)]
    expect([head.status, head.body, headersOf(head)]).toEqual([200, null, headersOf(get)])
  })

  test.each(['sha256:x', 'latest', `sha256:${'A'.repeat(64)}`])('%s is no digest', async (bad) => {
    const response = await client.send('GET', `/v2/app/referrers/${bad}`)
    await expectError(response, 400, 'DIGEST_INVALID')
  })

  test('other methods are none, and a bad name is none', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const response = await client.send(method, path)
      await expectError(response, 405, 'UNSUPPORTED', { allow: 'GET, HEAD' })
    }
    const bad = await client.send('GET', `/v2/App/referrers/${subject}`)
    await expectError(bad, 400, 'NAME_INVALID')
  })

  test('a descriptor says type, digest, size, artifact type and annotations, and no more', async () => {
    const plain = referring({})
    const typed = referring({
      artifactType: 'application/vnd.example+type',
      annotations: { a: 'b', __proto__x: 'y' },
    })
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [],
      subject: descriptorOf(subjectText, ociManifest),
    })
    const typedIndex = JSON.stringify({
      ...JSON.parse(index),
      artifactType: 'a/b',
      annotations: {},
    })
    for (const text of [plain, typed]) await client.pushManifest('app', digestOf(text), text)
    for (const text of [index, typedIndex]) {
      await client.pushManifest('app', digestOf(text), text, ociIndex)
    }
    const expected = [
      { ...descriptorOf(plain, ociManifest), artifactType: ociConfig },
      {
        ...descriptorOf(typed, ociManifest),
        artifactType: 'application/vnd.example+type',
        annotations: { a: 'b', __proto__x: 'y' },
      },
      descriptorOf(index, ociIndex),
      { ...descriptorOf(typedIndex, ociIndex), artifactType: 'a/b' },
    ] as Listed[]
    const byDigest = (a: Listed, b: Listed): number => (a.digest < b.digest ? -1 : 1)
    expect(await list()).toEqual(expected.sort(byDigest))
  })

  test('an annotation may be called __proto__', async () => {
    const text = referring({}).replace(/}$/, ',"annotations":{"__proto__":"x","a":"é\\u0000"}}')
    await client.pushManifest('app', 'a', text)
    const response = await client.send('GET', path)
    expect(await response.text()).toContain('"annotations":{"__proto__":"x","a":"é\\u0000"}')
  })

  test('the subject need not be there, and may go', async () => {
    const text = referring({})
    await client.pushManifest('app', 'a', text)
    expect((await list()).map((item) => item.digest)).toEqual([digestOf(text)])
    await client.pushManifest('app', 'subject', subjectText)
    await client.send('DELETE', `/v2/app/manifests/${subject}`)
    expect((await list()).map((item) => item.digest)).toEqual([digestOf(text)])
  })

  test('a deleted referrer leaves the list, an untagged one stays', async () => {
    const [first, second] = [referring({}), referring({ annotations: { a: 'b' } })]
    await client.pushManifest('app', 'a', first)
    await client.pushManifest('app', 'b', second)
    await client.send('DELETE', '/v2/app/manifests/a')
    expect((await list()).length).toBe(2)
    await client.send('DELETE', `/v2/app/manifests/${digestOf(first)}`)
    expect((await list()).map((item) => item.digest)).toEqual([digestOf(second)])
  })

  test('each repository has its own', async () => {
    await client.pushManifest('app', 'a', referring({}))
    expect(await list(`/v2/other/referrers/${subject}`)).toEqual([])
  })

  test('a referrer pushed twice is listed once; under two digests, twice', async () => {
    const text = referring({})
    await client.pushManifest('app', 'a', text)
    await client.pushManifest('app', 'b', text)
    expect((await list()).length).toBe(1)
    await client.pushManifest('app', digestOf(text, 'sha512'), text)
    expect((await list()).length).toBe(2)
  })

  describe('?artifactType=', () => {
    beforeEach(async () => {
      await client.pushManifest('app', 'a', referring({ artifactType: 'application/x+y' }))
      await client.pushManifest('app', 'b', referring({ artifactType: 'application/x' }))
      await client.pushManifest('app', 'c', referring({}))
    })

    test.each([
      ['application/x', 1],
      ['application%2Fx%2By', 1],
      ['application/x+y', 1],
      [encodeURIComponent(ociConfig), 1],
      ['application/none', 0],
      ['constructor', 0],
    ])('%s finds %d', async (artifactType, count) => {
      const at = `${path}?artifactType=${artifactType}`
      expect((await list(at)).length).toBe(count)
      const response = await client.send('GET', at)
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType')
      expect(response.headers.get('content-type')).toBe(ociIndex)
    })

    test('an empty one is no filter, and none is said to be applied', async () => {
      for (const at of [path, `${path}?artifactType=`, `${path}?other=x`]) {
        expect((await list(at)).length).toBe(3)
        expect((await client.send('GET', at)).headers.get('oci-filters-applied')).toBeNull()
      }
    })
  })

  describe('pages', () => {
    const count = 30
    const texts = Array.from({ length: count }, (_, index) =>
      referring({
        artifactType: index % 3 === 0 ? 'a/b+c' : 'd/e',
        annotations: { number: String(index), filler: 'x'.repeat(100) },
      }),
    )
    beforeEach(async () => {
      for (const text of texts) await client.pushManifest('app', digestOf(text), text)
    })

    test('lead through everything once, in order', async () => {
      const { pages, items } = await listAll()
      expect(pages).toBeGreaterThan(3)
      expect(items.map((item) => item.digest)).toEqual(texts.map((text) => digestOf(text)).sort())
      expect(items.every((item) => item.annotations?.filler === 'x'.repeat(100))).toBe(true)
    })

    test('stay within their bytes', async () => {
      const response = await client.send('GET', path)
      expect(Number(response.headers.get('content-length'))).toBeLessThan(2500)
    })

    test('keep the filter', async () => {
      const { pages, items } = await listAll(`${path}?artifactType=a/b%2Bc`)
      expect(pages).toBeGreaterThan(1)
      expect(items.length).toBe(count / 3)
      expect(items.every((item) => item.artifactType === 'a/b+c')).toBe(true)
    })

    test('go on though the last one was deleted meanwhile', async () => {
      const response = await client.send('GET', path)
      const { manifests } = (await response.json()) as { manifests: Listed[] }
      const link = /^<(.*)>/.exec(response.headers.get('link') ?? '')?.[1] ?? ''
      const last = manifests.at(-1)?.digest ?? ''
      await client.send('DELETE', `/v2/app/manifests/${last}`)
      const { items } = await listAll(link)
      expect(items.length).toBe(count - manifests.length)
    })

    test('a nonsense place to start from is harmless', async () => {
      expect((await list(`${path}?last=zzz`)).length).toBe(0)
      expect((await list(`${path}?last=`)).length).toBeGreaterThan(0)
      expect((await list(`${path}?last=%00%0d%0a`)).length).toBeGreaterThan(0)
    })
  })

  test('one that is larger than a page is listed alone, with all its annotations', async () => {
    const large = { filler: 'x'.repeat(5000) }
    const texts = ['1', '2', '3'].map((number) => referring({ annotations: { ...large, number } }))
    for (const text of texts) await client.pushManifest('app', digestOf(text), text)
    const { pages, items } = await listAll()
    expect([pages, items.length]).toEqual([3, 3])
    for (const item of items) expect(item.annotations?.filler).toBe(large.filler)
    expect(items.map((item) => item.annotations?.number).sort()).toEqual(['1', '2', '3'])
  })
})
