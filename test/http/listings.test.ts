import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runs } from '../sample.ts'
import { always, type Client, clientOf, expectError, headersOf, imageManifest } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

const layer = 'a layer'

describe.each(registries)('lists on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make({ limits: { pageSize: 5 } })
    client = clientOf(made.registry)
  })
  afterEach(() => made.end())

  const page = async (path: string): Promise<{ items: string[]; link: string | null }> => {
    const response = await client.send('GET', path)
    expect(response.status).toBe(200)
    const body = (await response.json()) as { tags?: string[]; repositories?: string[] }
    return { items: body.tags ?? body.repositories ?? [], link: response.headers.get('link') }
  }
  const target = (link: string | null): string | null =>
    link === null ? null : (/^<(\/[!-~]*)>; rel="next"$/.exec(link)?.[1] ?? 'no link')

  async function all(path: string): Promise<string[][]> {
    const pages: string[][] = []
    for (let next: string | null = path; next !== null; ) {
      expect(pages.length).toBeLessThan(100)
      const { items, link } = await page(next)
      pages.push(items)
      next = target(link)
    }
    return pages
  }

  describe('tags', () => {
    const names = ['latest', 'A', 'a', 'Z', '_', '0', '10', '2', 'constructor', '__proto__', 'b.c']
    const sorted = [...names].sort()
    beforeEach(async () => {
      await client.pushBlob('app', '{}')
      await client.pushBlob('app', layer)
    })
    const tagAll = async (): Promise<void> => {
      for (const name of names) await client.pushManifest('app', name, imageManifest(layer))
    }

    test('an unknown repository has none: 404', async () => {
      const response = await client.send('GET', '/v2/nobody/tags/list')
      await expectError(response, 404, 'NAME_UNKNOWN')
      await expectError(await client.send('GET', '/v2/No/tags/list'), 400, 'NAME_INVALID')
    })

    test('a repository without tags has an empty list', async () => {
      for (const path of ['/v2/app/tags/list', '/v2/app/tags/list?n=2&last=x']) {
        const response = await client.send('GET', path)
        const text = '{"name":"app","tags":[]}'
        expect([response.status, await response.text()]).toEqual([200, text])
        expect(headersOf(response)).toEqual({
          ...always,
          'cache-control': 'no-cache',
          'content-type': 'application/json',
          'content-length': String(text.length),
        })
      }
    })

    test('HEAD sends the same headers and no list', async () => {
      await tagAll()
      const path = '/v2/app/tags/list'
      const [get, head] = [await client.send('GET', path), await client.send('HEAD', path)]
      expect([head.status, head.body, headersOf(head)]).toEqual([200, null, headersOf(get)])
    })

    test('come in byte order, a page at a time, each once', async () => {
      await tagAll()
      const pages = await all('/v2/app/tags/list')
      expect(pages.map((items) => items.length)).toEqual([5, 5, 1])
      expect(pages.flat()).toEqual(sorted)
    })

    test.each([1, 2, 3, 5])('n=%d is that many a page', async (n) => {
      await tagAll()
      const pages = await all(`/v2/app/tags/list?n=${n}`)
      expect(pages.flat()).toEqual(sorted)
      for (const items of pages.slice(0, -1)) expect(items.length).toBe(n)
    })

    test('a page that ends with the list has no Link', async () => {
      await tagAll()
      const { items, link } = await page(`/v2/app/tags/list?n=1&last=${sorted.at(-2)}`)
      expect([items, link]).toEqual([[sorted.at(-1)], null])
    })

    test('Link names the page after, path-relative, n and last', async () => {
      await tagAll()
      const { link } = await page('/v2/app/tags/list?n=2')
      expect(link).toBe(`</v2/app/tags/list?n=2&last=${sorted[1]}>; rel="next"`)
    })

    test.each(['1000', '99999999999999999999', '6'])(
      'n=%s is cut to what a page holds',
      async (n) => {
        await tagAll()
        const { items, link } = await page(`/v2/app/tags/list?n=${n}`)
        expect(items).toEqual(sorted.slice(0, 5))
        expect(target(link)).toBe(`/v2/app/tags/list?n=5&last=${sorted[4]}`)
      },
    )

    test('n=0 is nothing, and leads nowhere', async () => {
      await tagAll()
      for (const query of ['?n=0', '?n=0&last=a', '?n=00']) {
        expect(await page(`/v2/app/tags/list${query}`)).toEqual({ items: [], link: null })
      }
    })

    test.each(['-1', 'x', '', '1.5', '1e3', ' 1', '+1', '0x10', '9'.repeat(300)])(
      'n=%j is refused',
      async (n) => {
        const path = `/v2/app/tags/list?n=${encodeURIComponent(n)}`
        await expectError(await client.send('GET', path), 400, 'UNSUPPORTED')
      },
    )

    test('last need not exist, and is not in the page', async () => {
      await tagAll()
      for (const last of ['', '!', 'aa', 'latest', 'zzz', '\u0000', '\uffff', '😀']) {
        const { items } = await page(`/v2/app/tags/list?last=${encodeURIComponent(last)}`)
        expect(items).toEqual(sorted.filter((name) => name > last).slice(0, 5))
      }
    })

    test('tags go from the list with a DELETE', async () => {
      await tagAll()
      for (const name of names) await client.send('DELETE', `/v2/app/manifests/${name}`)
      expect(await all('/v2/app/tags/list')).toEqual([[]])
    })

    test('other methods are none', async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await client.send(method, '/v2/app/tags/list')
        await expectError(response, 405, 'UNSUPPORTED', { allow: 'GET, HEAD' })
      }
    })
  })

  describe('the catalog', () => {
    test('is empty at first', async () => {
      const response = await client.send('GET', '/v2/_catalog')
      const text = '{"repositories":[]}'
      expect([response.status, await response.text()]).toEqual([200, text])
      expect(headersOf(response)).toEqual({
        ...always,
        'cache-control': 'no-cache',
        'content-type': 'application/json',
        'content-length': String(text.length),
      })
    })

    test('lists whatever was pushed to, in byte order, a page at a time', async () => {
      const names = ['b', 'a/b', 'a-b', 'a', 'constructor', 'a.b', '0', 'z/blobs/uploads']
      for (const name of names) await client.pushBlob(name, '{}')
      const sorted = [...names].sort()
      expect((await all('/v2/_catalog')).flat()).toEqual(sorted)
      expect(await all('/v2/_catalog?n=3')).toEqual([
        sorted.slice(0, 3),
        sorted.slice(3, 6),
        sorted.slice(6),
      ])
      const { link } = await page('/v2/_catalog?n=4')
      expect(target(link)).toBe(`/v2/_catalog?n=4&last=${encodeURIComponent(sorted[3] ?? '')}`)
      expect(await page('/v2/_catalog?n=0')).toEqual({ items: [], link: null })
      await expectError(await client.send('GET', '/v2/_catalog?n=-1'), 400, 'UNSUPPORTED')
    })

    test('a repository stays when all that was in it has gone', async () => {
      const digest = await client.pushBlob('app', '{}')
      await client.send('DELETE', `/v2/app/blobs/${digest}`)
      expect((await page('/v2/_catalog')).items).toEqual(['app'])
      expect((await page('/v2/app/tags/list')).items).toEqual([])
    })

    test('HEAD has no body, other methods are none', async () => {
      const head = await client.send('HEAD', '/v2/_catalog')
      expect([head.status, head.body, head.headers.get('content-length')]).toEqual([
        200,
        null,
        '19',
      ])
      const response = await client.send('DELETE', '/v2/_catalog')
      await expectError(response, 405, 'UNSUPPORTED', { allow: 'GET, HEAD' })
    })
  })

  test('a listing never makes a repository, nor does a session', async () => {
    await client.send('GET', '/v2/ghost/tags/list')
    await client.send('GET', `/v2/ghost/referrers/sha256:${'0'.repeat(64)}`)
    const session = await client.openUpload('ghost')
    await client.send('PATCH', session, { body: 'x' })
    expect((await page('/v2/_catalog')).items).toEqual([])
  })
})

test('whatever the tags, n and last: every page is what sorting says', async () => {
  const [kind] = registries
  if (kind === undefined) return
  const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,5}$/)
  const cases = fc.tuple(
    fc.uniqueArray(tag, { maxLength: 8 }),
    fc.nat(9),
    fc.string({ maxLength: 3 }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([names, n, last]) => {
      const made = await kind.make({ limits: { pageSize: 6 } })
      const client = clientOf(made.registry)
      await client.pushBlob('app', '{}')
      const manifest = imageManifest(layer, { layers: [] })
      for (const name of names) await client.pushManifest('app', name, manifest)
      const query = `?n=${n}&last=${encodeURIComponent(last)}`
      const response = await client.send('GET', `/v2/app/tags/list${query}`)
      const after = names.filter((name) => name > last).sort()
      const size = Math.min(n, 6)
      expect(await response.json()).toEqual({ name: 'app', tags: after.slice(0, size) })
      expect(response.headers.has('link')).toBe(size > 0 && after.length > size)
      await made.end()
    }),
    { numRuns: runs(60) },
  )
})
