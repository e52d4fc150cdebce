import type { DigestUse } from '../../index.ts'
import type { ManifestRecord, MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  placeCase,
  record,
  removed,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')
const index = 'application/vnd.oci.image.index.v1+json'
const nowhere = repositoryNamed('nowhere')

/** A case of what a store notes and counts for a page that people look at. */
function browsingCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, ['browsing'], async (place) => body(await place.open()))
}

async function sizeOf(store: MetadataStore, number: number): Promise<number | undefined> {
  return (await store.findManifest(here, sampleDigest(number)))?.contentSize
}

async function pushedAt(store: MetadataStore): Promise<number | undefined> {
  return (await store.countRepository(here))?.pushedAt
}

async function usesOf(
  store: MetadataStore,
  ...numbers: readonly number[]
): Promise<ReadonlyArray<DigestUse | null> | undefined> {
  const digests = numbers.map((number) => sampleDigest(number))
  return store.useOfDigests?.(here, digests)
}

/** Pushed at a time of its own. */
async function putAt(store: MetadataStore, number: number, at: number): Promise<void> {
  const times = { pushedAt: at, updatedAt: [] }
  const change = { record: manifestOf(number), tags: [], requires: [], immutable: [], times }
  await store.putManifest(here, change)
}

/** What a store notes and counts for a page that people look at. */
export const browsingCases: readonly MetadataStoreCase[] = [
  browsingCase(
    'a manifest says who pushed it last, and how large its content is',
    async (store) => {
      const pushed = { pushedBy: 'ann "§"\u202e', contentSize: 2 ** 40 }
      await record(store, here, manifestOf(1, pushed), [latest])
      const saysSo = (found: ManifestRecord | null | undefined, what: string): void =>
        equals({ pushedBy: found?.pushedBy, contentSize: found?.contentSize }, pushed, what)
      saysSo(await store.findManifest(here, sampleDigest(1)), 'by digest')
      saysSo(await store.resolveTag(here, latest), 'by tag')
      saysSo((await store.listManifests(here, { limit: 5 }))?.items[0]?.record, 'in the list')
      await record(store, here, manifestOf(1, { contentSize: 5 }))
      const again = await store.findManifest(here, sampleDigest(1))
      equals([again?.pushedBy, again?.contentSize], [undefined, 5], 'pushed again by no one')
      await record(store, here, manifestOf(1, { contentSize: 5, pushedBy: 'bob' }))
      equals((await store.resolveTag(here, latest))?.pushedBy, 'bob', 'pushed again by another')
    },
  ),

  browsingCase(
    'a store counts content whose size it is not told, each digest once',
    async (store) => {
      for (const number of [1, 2, 3]) await store.linkBlob(here, blobOf(number), long)
      const digests = (...numbers: number[]) => numbers.map((number) => sampleDigest(number))
      await record(store, here, manifestOf(10, { references: digests(1, 2) }))
      equals(await sizeOf(store, 10), 101 + 102, 'an image')
      await record(store, here, manifestOf(11, { references: digests(2, 3, 4) }))
      equals(await sizeOf(store, 11), 102 + 103, 'an image of which a layer is not there')
      await record(store, here, manifestOf(12, { references: digests(4) }))
      equals(await sizeOf(store, 12), undefined, 'an image of which nothing is there')
      await record(store, here, manifestOf(13))
      equals(await sizeOf(store, 13), 0, 'an image that names nothing')
      await record(
        store,
        here,
        manifestOf(20, { mediaType: index, references: digests(10, 11, 9) }),
      )
      equals(await sizeOf(store, 20), 110 + 111 + 101 + 102 + 103, 'an index')
      await record(store, here, manifestOf(21, { mediaType: index, references: digests(10, 20) }))
      equals(await sizeOf(store, 21), 120 + 110 + 111 + 101 + 102 + 103, 'an index of an index')
    },
  ),

  browsingCase('a repository says when a manifest was last pushed', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    equals(await pushedAt(store), undefined, 'before any')
    await putAt(store, 10, 5000)
    equals(await pushedAt(store), 5000, 'after the first')
    await putAt(store, 11, 4000)
    equals(await pushedAt(store), 5000, 'after an older one of a copy')
    await putAt(store, 12, 6000)
    await removed(store, here, sampleDigest(12), over)
    equals(await pushedAt(store), 6000, 'after the last was deleted')
    await record(store, here, manifestOf(10))
    const { pushedAt: last } = (await store.findManifest(here, sampleDigest(10))) ?? {}
    equals(await pushedAt(store), last, 'after one was pushed again')
    equals((await store.deleteRepository(here))?.pushedAt, last, 'in what a deletion returns')
    await store.linkBlob(here, blobOf(2), long)
    equals(await pushedAt(store), undefined, 'in another of its name')
  }),

  browsingCase('referrers are counted by their type', async (store) => {
    const [subject, other] = [sampleDigest(1), 'blake3:\u{1f4a5}']
    const refer = (number: number, to: string, artifactType?: string) =>
      record(
        store,
        here,
        manifestOf(number, { subject: to, ...(artifactType && { artifactType }) }),
      )
    const counts = async (...subjects: string[]): Promise<unknown> =>
      (await store.countReferrers?.(here, subjects))?.map((types) =>
        types.map(({ artifactType, count }) => `${count} ${artifactType}`),
      )
    equals(await store.countReferrers?.(nowhere, [subject]), [[]], 'without a repository')
    await refer(10, subject, 'application/b')
    await refer(11, subject, 'application/a')
    await refer(12, subject, 'application/b')
    await refer(13, subject)
    await refer(14, other, 'application/c')
    await record(store, there, manifestOf(15, { subject, artifactType: 'application/d' }))
    const types = ['1 ', '1 application/a', '2 application/b']
    equals(await counts(other, 'x', subject), [['1 application/c'], [], types], 'by subject')
    await store.markMissing(blobOf(12))
    await removed(store, here, sampleDigest(13), over)
    equals(await counts(subject), [['1 application/a', '1 application/b']], 'those that are there')
    for (let number = 100; number < 400; number += 1)
      await refer(number, subject, `t/${number % 150}`)
    const [many = []] = (await store.countReferrers?.(here, [subject])) ?? []
    equals(many.length, 101, 'types that are named')
    equals(many[2], { artifactType: 't/0', count: 2 }, 'the first of many')
    const named = Array.from({ length: 150 }, (_, number) => `t/${number}`).sort()
    equals(many.at(-2)?.artifactType, named[97], 'the last that is named')
    equals(many.at(-1), { artifactType: '*', count: 2 * 52 }, 'all others')
  }),

  browsingCase('repositories are summarized in the order they are asked for', async (store) => {
    await putAt(store, 1, 7000)
    await record(store, there, manifestOf(2, { contentSize: 4 }), [latest])
    const found = (await store.summarizeRepositories?.([there, nowhere, here, there])) ?? []
    const [one, none, other, same] = found
    equals(one, { repository: there, ...(await store.countRepository(there)) }, 'the first')
    equals(none, null, 'one that is not there')
    equals(other, { repository: here, ...(await store.countRepository(here)) }, 'another')
    equals(other?.pushedAt, 7000, 'when it was pushed')
    equals(same, one, 'the same again')
    equals(await store.summarizeRepositories?.([]), [], 'none')
  }),

  placeCase('a store tells who has to do with a digest', ['browsing', 'trash'], async (place) => {
    const store = await place.open()
    equals(await usesOf(store, 1), [null], 'without a repository')
    for (const number of [1, 2]) await store.linkBlob(here, blobOf(number), long)
    const references = [sampleDigest(1), sampleDigest(3)]
    await record(store, here, manifestOf(10, { references }))
    await record(store, here, manifestOf(11, { references }))
    await record(store, here, manifestOf(12, { mediaType: index, references: [sampleDigest(10)] }))
    const nothing = { isBlob: false, isManifest: false, namedBy: 0, isElsewhere: false }
    const uses = [
      { ...nothing, size: 101, isBlob: true, namedBy: 2 },
      { ...nothing, size: 102, isBlob: true },
      null,
      { ...nothing, size: 110, isManifest: true, namedBy: 1 },
    ]
    equals(await usesOf(store, 1, 2, 3, 10), uses, 'in one repository')
    await store.linkBlob(there, blobOf(1), long)
    equals((await usesOf(store, 1))?.[0]?.isElsewhere, false, 'kept elsewhere by a lease alone')
    await record(store, there, manifestOf(20, { references: [sampleDigest(10), sampleDigest(1)] }))
    equals((await usesOf(store, 1))?.[0]?.isElsewhere, true, 'named elsewhere')
    equals((await usesOf(store, 10))?.[0]?.isElsewhere, false, 'named where it is not')
    await record(store, there, manifestOf(10))
    equals((await usesOf(store, 10))?.[0]?.isElsewhere, true, 'a manifest elsewhere')
    await store.deleteRepository(there, { trashMs: long })
    const after = (await usesOf(store, 1, 10))?.map((use) => use?.isElsewhere)
    equals(after, [false, false], 'kept by the trash alone')
    await store.markMissing(blobOf(1))
    equals((await usesOf(store, 1))?.[0]?.size, 0, 'bytes that are missing')
  }),

  placeCase(
    'what a page shows of pushes outlives the process',
    ['browsing', 'reopen'],
    async (place) => {
      const store = await place.open()
      await store.linkBlob(here, blobOf(1), long)
      await record(store, here, manifestOf(10, { references: [sampleDigest(1)], pushedBy: 'ann' }))
      await putAt(store, 11, 2 ** 42)
      await removed(store, here, sampleDigest(11), over)
      await store.close()
      const again = await place.open()
      const { pushedBy, contentSize } = (await again.findManifest(here, sampleDigest(10))) ?? {}
      equals([pushedBy, contentSize], ['ann', 101], 'of a manifest')
      equals(await pushedAt(again), 2 ** 42, 'of the repository')
      await again.close()
      holds((await pushedAt(await place.open())) === 2 ** 42, 'after another start')
    },
  ),
]
