import type { MetadataStore } from '../../kit.ts'
import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  allPages,
  blobOf,
  checkPages,
  collect,
  here,
  isKnown,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  over,
  placeCase,
  record,
  there,
} from './store-case.ts'

const digest = sampleDigest(1)
const [first, second, third] = [blobOf(1, 'one'), blobOf(1, 'two'), blobOf(1, 'three')]

async function named(store: MetadataStore): Promise<unknown[]> {
  return await allPages(
    (page) => store.listNamed(page),
    3,
    (item) => item.digest,
  )
}

/** What a verification works with: all that is named, and bytes that take the place of missing ones. */
export const namedCases: readonly MetadataStoreCase[] = [
  metadataCase('every digest that is named is listed once, in order', async (store) => {
    equals(await store.listNamed({ limit: 10 }), { items: [], more: false }, 'of an empty store')
    const numbers = [5, 3, 8, 1, 7]
    for (const number of numbers) await store.linkBlob(here, blobOf(number), long)
    await store.mountBlob(here, there, sampleDigest(3), long)
    await record(store, there, manifestOf(2, { references: [sampleDigest(9)] }))
    await record(store, here, manifestOf(2))
    const digests = [...numbers, 2].map((number) => sampleDigest(number)).sort()
    await checkPages(
      (page) => store.listNamed(page),
      digests,
      (item) => item.digest,
    )
    const [one] = (await store.listNamed({ limit: 1 })).items
    const number = [...numbers, 2].find((each) => sampleDigest(each) === one?.digest) ?? 0
    equals(one, { ...blobOf(number), isMissing: false }, 'what is told of each')
  }),

  metadataCase('what is named between two pages is in the next one', async (store) => {
    const digests = [1, 2, 3, 4, 5, 6].map((number) => sampleDigest(number)).sort()
    const numberOf = (at: number): number =>
      [1, 2, 3, 4, 5, 6].find((number) => sampleDigest(number) === digests[at]) ?? 0
    for (const at of [0, 1, 5]) await store.linkBlob(here, blobOf(numberOf(at)), long)
    const page = await store.listNamed({ limit: 2 })
    equals(
      page.items.map((item) => item.digest),
      digests.slice(0, 2),
      'the first page',
    )
    for (const at of [3, 4]) await record(store, here, manifestOf(numberOf(at)))
    await store.unlinkBlob(here, digests[5] ?? digest)
    await collect(store)
    const rest = await store.listNamed({ after: digests[1] ?? '', limit: 10 })
    equals(
      rest.items.map((item) => item.digest),
      digests.slice(3, 5),
      'the second',
    )
    equals(rest.more, false, 'whether there are more')
  }),

  metadataCase('what nothing names is not listed once it was collected', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await record(store, here, manifestOf(2))
    await store.linkBlob(there, blobOf(3), long)
    await store.deleteManifest(here, sampleDigest(2), { leaseMs: over })
    await store.deleteRepository(there)
    await collect(store)
    equals(await named(store), [], 'what is listed')
  }),

  metadataCase('what is missing is listed as missing', async (store) => {
    await store.linkBlob(here, first, long)
    await store.markMissing(first)
    equals(await named(store), [{ ...first, isMissing: true }], 'what is listed')
    await store.linkBlob(here, second, long)
    equals(await named(store), [{ ...second, isMissing: false }], 'once a push healed it')
  }),

  metadataCase('other bytes take the place of missing ones', async (store) => {
    await store.linkBlob(there, first, long)
    await record(store, here, manifestOf(1, { blob: first }))
    equals(await store.healMissing(first, second), false, 'while nothing is missing')
    equals(await store.findBlob(there, digest), first, 'the blob then')
    await store.markMissing(first)
    equals(await store.healMissing(second, third), false, 'in the place of another key')
    equals(await store.healMissing(first, second), true, 'in its place')
    equals(await store.healMissing(first, second), true, 'once more')
    equals(await store.findBlob(there, digest), second, 'the blob')
    equals((await store.findManifest(here, digest))?.blob, second, 'the manifest')
    equals(await store.listMissing(10), { count: 0, blobs: [] }, 'what is missing')
    equals(
      (await store.condemn(10)).map(({ key }) => key),
      [first.key],
      'what is condemned',
    )
  }),

  metadataCase('bytes that are there after all are found again', async (store) => {
    await store.linkBlob(here, first, long)
    await store.markMissing(first)
    equals(await store.healMissing(first, first), true, 'in their own place')
    equals(await store.findBlob(here, digest), first, 'the blob')
    equals(await store.condemn(10), [], 'what is condemned')
    equals(await isKnown(store, first), true, 'whether its key is known')
  }),

  metadataCase(
    'nothing heals what is not named, or with a key that was condemned',
    async (store) => {
      equals(await store.healMissing(first, second), false, 'a digest that is not named')
      equals(await isKnown(store, second), false, 'whether the other key is known')
      await store.linkBlob(here, first, long)
      await store.markMissing(first)
      await store.linkBlob(here, second, long)
      await store.markMissing(second)
      equals(await store.healMissing(second, first), false, 'with the key before')
      equals(await store.listMissing(10), { count: 1, blobs: [second] }, 'what is missing')
    },
  ),

  placeCase('what was healed is so after a restart', ['reopen'], async (place) => {
    const store = await place.open()
    await store.linkBlob(here, first, long)
    await store.linkBlob(here, blobOf(2), long)
    for (const blob of [first, blobOf(2)]) await store.markMissing(blob)
    await store.healMissing(first, second)
    await store.healMissing(blobOf(2), blobOf(2))
    await store.close()
    const next = await place.open()
    equals(await next.findBlob(here, digest), second, 'the blob that was healed')
    equals(await next.findBlob(here, sampleDigest(2)), blobOf(2), 'the one that was found')
  }),
]
