import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everyItem, mergePages } from '../../src/core/paging.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { Page, PageRequest } from '../../src/ports/metadata-store.ts'

/** A list of names that answers page requests; its pages may be shorter than asked for. */
function listOf(names: readonly string[], most = Number.POSITIVE_INFINITY) {
  const sorted = [...new Set(names)].sort()
  return async ({ after, limit }: PageRequest): Promise<Page<string>> => {
    const rest = sorted.filter((name) => after === undefined || name > after)
    const items = rest.slice(0, Math.min(limit, most))
    return { items, more: items.length < rest.length }
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

const unknown = async (_page: PageRequest): Promise<Page<string>> => {
  throw new RegistryError('nameUnknown')
}

describe('every item of a list', () => {
  test('comes once, in order, whatever the pages are', async () => {
    const names = Array.from({ length: 2500 }, (_, index) => `t${index}`)
    expect(await all(everyItem(listOf(names)))).toEqual([...names].sort())
    expect(await all(everyItem(listOf(names, 7)))).toEqual([...names].sort())
    expect(await all(everyItem(listOf([])))).toEqual([])
  })

  test('of tags and manifests is asked for after their tag and digest', async () => {
    const tags = [
      { tag: 'a', digest: 'z' },
      { tag: 'b', digest: 'y' },
    ]
    const manifests = [{ record: { digest: 'a' } }, { record: { digest: 'b' } }]
    for (const [items, names] of [
      [tags, ['a', 'b']],
      [manifests, ['a', 'b']],
      [
        [{ digest: 'a' }, { digest: 'b' }],
        ['a', 'b'],
      ],
    ] as const) {
      const asked: Array<string | undefined> = []
      const read = async ({ after }: PageRequest) => {
        asked.push(after)
        const next = after === undefined ? 0 : names.indexOf(after as 'a') + 1
        return { items: items.slice(next, next + 1), more: next + 1 < items.length }
      }
      expect(await all(everyItem<(typeof items)[number]>(read))).toEqual(items)
      expect(asked).toEqual([undefined, 'a'])
    }
  })

  test('is read a page at a time', async () => {
    let pages = 0
    const names = Array.from({ length: 5000 }, (_, index) => `t${index}`)
    const list = listOf(names)
    const items = everyItem((page) => {
      pages += 1
      return list(page)
    })
    expect((await items.next()).done).toBe(false)
    expect(pages).toBe(1)
  })
})

describe('pages of several lists', () => {
  test('together are the pages of one list of all names', async () => {
    const names = fc.array(fc.constantFrom(...'abcdefghijklmnop'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(names, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (lists, limit, most) => {
          const sources = lists.map((list) => listOf(list, most))
          const found: string[] = []
          for (let after: string | undefined; ; ) {
            const request = { limit, ...(after === undefined ? {} : { after }) }
            const page = await mergePages(request, sources, (read) => read(request))
            expect(page.items.length).toBeLessThanOrEqual(limit)
            found.push(...page.items)
            if (!page.more) break
            expect(page.items.length).toBeGreaterThan(0)
            after = page.items.at(-1)
          }
          expect(found).toEqual([...new Set(lists.flat())].sort())
        },
      ),
    )
  })

  test('have of the same name the first list’s item', async () => {
    const pages = [
      [{ tag: 'a', digest: '1' }],
      [
        { tag: 'a', digest: '2' },
        { tag: 'b', digest: '3' },
      ],
    ]
    const { items } = await mergePages({}, pages, async (tags) => ({ items: tags, more: false }))
    expect(items).toEqual([
      { tag: 'a', digest: '1' },
      { tag: 'b', digest: '3' },
    ])
  })

  test('leave out a list whose repository is unknown, unless every one is', async () => {
    const request = { limit: 10 }
    const one = await mergePages(request, [unknown, listOf(['a'])], (read) => read(request))
    expect(one).toEqual({ items: ['a'], more: false })
    const none = mergePages(request, [unknown, unknown], (read) => read(request))
    await expect(none).rejects.toMatchObject({ kind: 'nameUnknown' })
  })

  test('fail where a list fails', async () => {
    const away = async (_page: PageRequest): Promise<Page<string>> => {
      throw new RegistryError('unavailable')
    }
    const both = mergePages({ limit: 10 }, [listOf(['a']), away], (read) => read({ limit: 10 }))
    await expect(both).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('of no items say whether there are more', async () => {
    const request = { limit: 0 }
    const read = (list: ReturnType<typeof listOf>) => list(request)
    expect(await mergePages(request, [listOf([]), listOf(['a'])], read)).toEqual({
      items: [],
      more: true,
    })
    expect(await mergePages(request, [listOf([])], read)).toEqual({ items: [], more: false })
  })
})
