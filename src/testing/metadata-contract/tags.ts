import type { Tag } from '../../index.ts'
import type { MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  allPages,
  checkPages,
  countsOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  putOf,
  record,
  removed,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')

/** Names that are something else on a plain object. */
const hostile = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0', '_']

/** Sets many tags, as many pushes would. */
async function setMany(store: MetadataStore, names: readonly Tag[]): Promise<void> {
  for (let at = 0; at < names.length; at += 100) {
    await record(store, here, manifestOf(1), names.slice(at, at + 100))
  }
}

/** Tags: set, moved, deleted, listed. */
export const tagCases: readonly MetadataStoreCase[] = [
  metadataCase('a tag moves, and the manifest it left stays', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await record(store, here, manifestOf(2), [latest])
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(2), 'the tag')
    const left = putOf(await store.findManifest(here, sampleDigest(1)))
    equals(left, manifestOf(1), 'the manifest')
    await record(store, here, manifestOf(1), [latest])
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(1), 'the tag, moved back')
    equals(await store.listTags(here, { limit: 9 }), { items: [latest], more: false }, 'the list')
  }),

  metadataCase('a copy has the times it is given, where the store says so', async (store) => {
    const second = tagNamed('second')
    const times = { pushedAt: 3, updatedAt: [2, 4] }
    const tags = [latest, second]
    const change = { record: manifestOf(1), tags, requires: [], immutable: [], times }
    for (const attempt of ['first', 'again']) {
      equals((await store.putManifest(here, change)).kind, 'stored', `what is put ${attempt}`)
      const pushedAt = (await store.findManifest(here, sampleDigest(1)))?.pushedAt
      const listed = (await store.listTagRecords(here, { limit: 9 }))?.items ?? []
      const updatedAt = listed.map((one) => one.updatedAt)
      const kept = [pushedAt, ...updatedAt].join() === '3,2,4'
      equals(kept, store.keepsTimes === true, `whether the times are kept ${attempt}`)
    }
    await record(store, here, manifestOf(1), [latest])
    const now = (await store.findManifest(here, sampleDigest(1)))?.pushedAt ?? 0
    holds(now !== 3, 'a push has the time it is made at')
  }),

  metadataCase('deleting a tag removes the tag alone', async (store) => {
    const second = tagNamed('second')
    await record(store, here, manifestOf(1), [latest, second])
    await record(store, there, manifestOf(1), [latest])
    equals(await store.deleteTag(here, latest), sampleDigest(1), 'what it stood for')
    equals(await store.deleteTag(here, latest), null, 'deleting again')
    equals(await store.resolveTag(here, latest), null, 'the tag')
    equals(putOf(await store.resolveTag(here, second)), manifestOf(1), 'another tag')
    equals(putOf(await store.findManifest(here, sampleDigest(1))), manifestOf(1), 'the manifest')
    equals(putOf(await store.resolveTag(there, latest)), manifestOf(1), 'the tag elsewhere')
  }),

  metadataCase('hostile tags are tags like others', async (store) => {
    await record(store, there, manifestOf(1))
    for (const name of hostile) {
      const tag = tagNamed(name)
      equals(await store.resolveTag(there, tag), null, `${name} before`)
      equals(await store.deleteTag(there, tag), null, `deleting ${name} before`)
      const expect = { tag, noneMatch: 'any' } as const
      const change = { record: manifestOf(1), tags: [tag], requires: [], immutable: [], expect }
      equals((await store.putManifest(here, change)).kind, 'stored', `setting ${name}`)
      equals(putOf(await store.resolveTag(here, tag)), manifestOf(1), name)
    }
    const sorted = [...hostile].sort()
    equals((await store.listTags(here, { limit: 100 }))?.items, sorted, 'the list')
    for (const name of hostile) {
      equals(await store.deleteTag(here, tagNamed(name)), sampleDigest(1), name)
    }
    equals((await store.listTags(here, { limit: 100 }))?.items, [], 'the list in the end')
  }),

  metadataCase('tags are listed in byte order, page by page', async (store) => {
    const names = ['b', 'A', '_', 'a', 'Z', '9', '10', 'a-b', 'a.b', 'aB', 'ab', 'a_b', 'B']
    for (const name of names) await record(store, here, manifestOf(1), [tagNamed(name)])
    const sorted = [...names].sort()
    await checkPages((page) => store.listTags(here, page), sorted, String)
    await checkPages(
      (page) => store.listTagRecords(here, page),
      sorted,
      ({ tag }) => tag,
    )
    const after = await store.listTags(here, { after: '!', limit: 100 })
    equals(after?.items, sorted, 'after no tag')
  }),

  metadataCase('a list of tags says what each stands for, and since when', async (store) => {
    const [first, second] = [tagNamed('first'), tagNamed('second')]
    await record(store, here, manifestOf(1), [first, second])
    const read = async () => (await store.listTagRecords(here, { limit: 10 }))?.items ?? []
    const before = await read()
    for (const { updatedAt } of before) {
      holds(Number.isSafeInteger(updatedAt) && updatedAt > 0, 'a tag has a time')
    }
    await record(store, here, manifestOf(2), [second])
    const [kept, moved] = await read()
    equals(kept, before[0], 'one that was not set again')
    equals([moved?.tag, moved?.digest], [second, sampleDigest(2)], 'one that moved')
    holds((moved?.updatedAt ?? 0) >= (before[1]?.updatedAt ?? 0), 'it was set later')
  }),

  metadataCase('thousands of tags come, go and are paged', async (store) => {
    const names = Array.from({ length: 2600 }, (_, index) => tagNamed(`v${index}`))
    await setMany(store, names)
    const sorted = [...names].sort()
    const read = () => allPages((page) => store.listTags(here, page), 700)
    equals(await read(), sorted, 'all of them')
    for (const [index, name] of sorted.entries()) {
      if (index % 3 === 0 || index < 1100) await store.deleteTag(here, name)
    }
    const left = sorted.filter((_, index) => index % 3 !== 0 && index >= 1100)
    equals(await read(), left, 'those left')
    await store.deleteManifest(here, sampleDigest(1), { leaseMs: long })
    equals(await read(), [], 'those of a deleted manifest')
  }),

  metadataCase('a manifest with thousands of tags takes them along', async (store) => {
    const names = Array.from({ length: 1500 }, (_, index) => tagNamed(`v${index}`))
    await setMany(store, names)
    await record(store, here, manifestOf(2), [latest])
    const sorted = [...names].sort()
    const [entry] = (await store.listManifests(here, { limit: 10 }))?.items.filter(
      ({ record }) => record.digest === sampleDigest(1),
    ) ?? [null]
    equals([entry?.tags, entry?.tagCount], [sorted.slice(0, 100), 1500], 'in a list of manifests')
    const gone = await removed(store, here, sampleDigest(1), long)
    equals(gone?.tags, sorted.slice(0, 1000), 'the first tags that went')
    equals(gone?.tagCount, 1500, 'how many went')
    for (const tag of [sorted[0], sorted.at(-1)]) {
      equals(await store.resolveTag(here, tag ?? latest), null, 'one of them')
    }
    equals(await store.listTags(here, { limit: 10 }), { items: [latest], more: false }, 'the list')
    const records = await store.listTagRecords(here, { limit: 10 })
    equals(records?.items.length, 1, 'the list with digests')
    equals(
      countsOf(await store.countRepository(here)),
      { manifests: 1, tags: 1, blobs: 0 },
      'the counts',
    )
    const again = manifestOf(1, { blob: { ...manifestOf(1).blob, key: 'again' } })
    await record(store, here, again, sorted.slice(-1))
    equals(
      (await store.listTags(here, { limit: 10 }))?.items,
      [latest, ...sorted.slice(-1)],
      'then',
    )
    equals(await store.resolveTag(here, sorted[0] ?? latest), null, 'a tag it had before')
  }),

  metadataCase('a repository that is not there has no list', async (store) => {
    await record(store, here, manifestOf(1))
    equals(await store.listTags(there, { limit: 10 }), null, 'the list')
    equals(await store.listTags(here, { limit: 10 }), { items: [], more: false }, 'without tags')
  }),

  metadataCase('puts of one tag at once leave one of them, whole', async (store) => {
    const second = tagNamed('second')
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    await Promise.all(
      numbers.map((number) => record(store, here, manifestOf(number), [latest, second])),
    )
    const winner = await store.resolveTag(here, latest)
    holds(winner !== null, 'the tag is set')
    equals(await store.resolveTag(here, second), winner, 'the tag set in the same steps')
    for (const number of numbers) {
      const found = await store.findManifest(here, sampleDigest(number))
      equals(putOf(found), manifestOf(number), `manifest ${number}`)
    }
  }),
]
