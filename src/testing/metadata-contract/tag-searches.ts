import type { FoundTag, FoundTags, TagOrder, TagSearch } from '../../index.ts'
import type { MetadataStore } from '../../kit.ts'
import { equals, holds, rejectsWith } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  type MetadataStoreCase,
  manifestOf,
  placeCase,
  record,
  there,
} from './store-case.ts'

/** A case of how a store finds tags. */
function searchCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, ['browsing'], async (place) => body(await place.open()))
}

/** Tags in their order by version: versions, then the others. */
const byVersion = [
  '0.9',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  'v1.0.0',
  '1.0.0.1',
  '1.2',
  '1.2.0_build.7',
  'v1.9.0',
  'v1.10.0',
  '22.04',
  '1',
  'build-9',
  'build-10',
  'build-10a',
  'latest',
  'v2',
] as const

const names: readonly string[] = [...byVersion].sort()

/** What is put, so that tags differ in their times and sizes, and some are the same. */
async function fill(store: MetadataStore): Promise<void> {
  for (const [at, name] of byVersion.entries()) {
    const [updatedAt, contentSize] = [1000 + ((at * 7) % 5), at % 4]
    await store.putManifest(here, {
      record: manifestOf(at, {
        pushedBy: `user ${at}`,
        ...(contentSize === 0 ? {} : { contentSize: contentSize * 100 }),
        // Without content that is there, its size is not known.
        references: contentSize === 0 ? [sampleDigest(500)] : [],
      }),
      tags: [tagNamed(name)],
      requires: [],
      immutable: [],
      times: { pushedAt: 1000, updatedAt: [updatedAt] },
    })
  }
}

/** All tags, in pages. */
async function found(
  store: MetadataStore,
  search: Omit<TagSearch, 'limit' | 'after'>,
  limit: number,
): Promise<FoundTag[]> {
  const all: FoundTag[] = []
  for (let after: string | null = null; ; ) {
    const request: TagSearch = { ...search, limit, ...(after && { after }) }
    const page: FoundTags | null | undefined = await store.findTags?.(here, request)
    holds(page !== undefined && page !== null, 'there are tags')
    holds(page.items.length <= limit, 'a page is no longer than its limit')
    all.push(...page.items)
    holds(all.length <= 1000, 'a search ends')
    if (page.next === null) return all
    holds(page.items.length > 0, 'a page that more follow after has items')
    after = page.next
  }
}

async function namesFound(
  store: MetadataStore,
  search: Omit<TagSearch, 'limit' | 'after'>,
  limit = 100,
): Promise<string[]> {
  return (await found(store, search, limit)).map(({ tag }) => tag)
}

/** The same names, by a number and then by name. */
function sorted(numberOf: (at: number) => number): string[] {
  const numbers = new Map(byVersion.map((name, at) => [name as string, numberOf(at)]))
  return [...names].sort((one, other) => (numbers.get(one) ?? 0) - (numbers.get(other) ?? 0))
}

const orders: ReadonlyArray<readonly [TagOrder, readonly string[], readonly string[]]> = [
  ['name', names, names.toReversed()],
  ['updated', sorted((at) => (at * 7) % 5), sorted((at) => (at * 7) % 5).toReversed()],
  ['size', sorted((at) => at % 4), sorted((at) => at % 4).toReversed()],
  [
    'version',
    byVersion,
    [...byVersion.slice(0, 15).toReversed(), ...byVersion.slice(15).toReversed()],
  ],
]

/** Tags of a repository in an order. */
export const tagSearchCases: readonly MetadataStoreCase[] = [
  ...orders.map(([order, ascending, descending]) =>
    searchCase(`tags are found by ${order}, over all pages`, async (store) => {
      await fill(store)
      for (const limit of [1, 2, 7, names.length, 100]) {
        const up = await namesFound(store, { order, descending: false }, limit)
        equals(up, ascending, `ascending, in pages of ${limit}`)
        const down = await namesFound(store, { order, descending: true }, limit)
        equals(down, descending, `descending, in pages of ${limit}`)
      }
    }),
  ),

  searchCase('tags are found by part of their name', async (store) => {
    await fill(store)
    for (const order of ['name', 'updated', 'version', 'size'] as const) {
      for (const descending of [false, true]) {
        const search = { order, descending }
        const all = await namesFound(store, search)
        const some = all.filter((name) => name.includes('build'))
        equals(await namesFound(store, { ...search, filter: 'BuilD' }, 1), some, `by ${order}`)
        equals(await namesFound(store, { ...search, filter: '' }), all, 'by no text')
        equals(await namesFound(store, { ...search, filter: '%' }), [], 'by what is in none')
      }
    }
    const search = { order: 'name', descending: false } as const
    equals(await namesFound(store, { ...search, filter: '0_b' }), ['1.2.0_build.7'], 'by a _')
    equals(await namesFound(store, { ...search, filter: 'Ⅴ' }), [], 'by a letter that is not ASCII')
  }),

  searchCase('a tag that is found says what it stands for', async (store) => {
    const index = 'application/vnd.oci.image.index.v1+json'
    await record(store, here, manifestOf(1, { mediaType: index, pushedBy: 'ann' }), [
      tagNamed('one'),
    ])
    await store.linkBlob(here, blobOf(9), 1000)
    await record(store, here, manifestOf(2, { references: [sampleDigest(9)] }), [tagNamed('two')])
    const all = await found(store, { order: 'name', descending: false }, 10)
    const times = (await store.listTagRecords(here, { limit: 10 }))?.items ?? []
    const { mediaType } = manifestOf(2)
    equals(
      all,
      [
        { ...times[0], contentSize: 0, pushedBy: 'ann', mediaType: index },
        { ...times[1], contentSize: 109, pushedBy: null, mediaType },
      ],
      'the tags',
    )
    equals(await store.markMissing(blobOf(2)), true, 'marking bytes as missing')
    const [, gone] = await found(store, { order: 'name', descending: false }, 10)
    const nothing = { contentSize: null, pushedBy: null, mediaType: '' }
    equals(gone, { ...times[1], ...nothing }, 'a tag whose manifest is missing')
  }),

  ...orders.map(([order, ascending]) =>
    searchCase(`a page by ${order} goes on where the one before ended`, async (store) => {
      await fill(store)
      const search = { order, descending: false, limit: 4 } as const
      const first = await store.findTags?.(here, search)
      const last = first?.items.at(-1)
      holds(first?.next != null && last !== undefined, 'there is a next page')
      // The tag that the page ended with goes, and one comes at the beginning of each order.
      await store.deleteTag(here, last.tag)
      await store.putManifest(here, {
        record: manifestOf(100, { references: [sampleDigest(500)] }),
        tags: [tagNamed('0.0.0.0-0')],
        requires: [],
        immutable: [],
        times: { pushedAt: 1, updatedAt: [1] },
      })
      const second = await store.findTags?.(here, { ...search, after: first.next })
      const names: unknown = second?.items.map(({ tag }) => tag)
      equals(names, ascending.slice(4, 8), 'the second page')
      const again = await store.findTags?.(here, search)
      equals(again?.items[0]?.tag as unknown, '0.0.0.0-0', 'the first of the first page')
    }),
  ),

  searchCase('where a page begins is a place in its order', async (store) => {
    await fill(store)
    const from = (order: TagOrder, after: string) => async (): Promise<unknown> =>
      store.findTags?.(here, { order, descending: false, limit: 1, after })
    for (const [order, after] of [
      ['name', 'no tag!'],
      ['version', ''],
      ['updated', 'latest'],
      ['updated', 'x:latest'],
      ['size', '-2:latest'],
      ['size', `${'9'.repeat(40)}:latest`],
    ] as const) {
      await rejectsWith('pageInvalid', from(order, after), `${order} after "${after}"`)
    }
  }),

  searchCase('a repository without tags has none, and none has null', async (store) => {
    await record(store, here, manifestOf(1))
    for (const order of ['name', 'updated', 'version', 'size'] as const) {
      const search = { order, descending: true, limit: 5 }
      equals(await store.findTags?.(here, search), { items: [], next: null }, 'without tags')
      equals(await store.findTags?.(there, search), null, 'without a repository')
    }
  }),
]
