import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  allPages,
  here,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  record,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')

/** Names that are something else on a plain object. */
const hostile = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0', '_']

/** Tags: set, moved, deleted, listed. */
export const tagCases: readonly MetadataStoreCase[] = [
  metadataCase('a tag moves, and the manifest it left stays', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await record(store, here, manifestOf(2), [latest])
    equals(await store.resolveTag(here, latest), manifestOf(2), 'the tag')
    equals(await store.findManifest(here, sampleDigest(1)), manifestOf(1), 'the manifest')
    await record(store, here, manifestOf(1), [latest])
    equals(await store.resolveTag(here, latest), manifestOf(1), 'the tag, moved back')
    equals(await store.listTags(here, { limit: 9 }), { items: [latest], more: false }, 'the list')
  }),

  metadataCase('deleting a tag removes the tag alone', async (store) => {
    const second = tagNamed('second')
    await record(store, here, manifestOf(1), [latest, second])
    await record(store, there, manifestOf(1), [latest])
    equals(await store.deleteTag(here, latest), true, 'deleting')
    equals(await store.deleteTag(here, latest), false, 'deleting again')
    equals(await store.resolveTag(here, latest), null, 'the tag')
    equals(await store.resolveTag(here, second), manifestOf(1), 'another tag of the manifest')
    equals(await store.findManifest(here, sampleDigest(1)), manifestOf(1), 'the manifest')
    equals(await store.resolveTag(there, latest), manifestOf(1), 'the tag elsewhere')
  }),

  metadataCase('hostile tags are tags like others', async (store) => {
    await record(store, there, manifestOf(1))
    for (const name of hostile) {
      equals(await store.resolveTag(there, tagNamed(name)), null, `${name} before`)
      equals(await store.deleteTag(there, tagNamed(name)), false, `deleting ${name} before`)
      const expect = { noneMatch: ['*'] }
      const change = { record: manifestOf(1), tags: [tagNamed(name)], requires: [], expect }
      equals((await store.putManifest(here, change)).kind, 'stored', `setting ${name}`)
      equals(await store.resolveTag(here, tagNamed(name)), manifestOf(1), name)
    }
    const sorted = [...hostile].sort()
    equals((await store.listTags(here, { limit: 100 }))?.items, sorted, 'the list')
    for (const name of hostile) equals(await store.deleteTag(here, tagNamed(name)), true, name)
    equals((await store.listTags(here, { limit: 100 }))?.items, [], 'the list in the end')
  }),

  metadataCase('tags are listed in byte order, page by page', async (store) => {
    const names = ['b', 'A', '_', 'a', 'Z', '9', '10', 'a-b', 'a.b', 'aB', 'ab', 'a_b', 'B']
    for (const name of names) await record(store, here, manifestOf(1), [tagNamed(name)])
    const sorted = [...names].sort()
    for (const limit of [1, 2, 5, 12, 13, 14]) {
      const all = await allPages((page) => store.listTags(here, page), limit)
      equals(all, sorted, `in pages of ${limit}`)
    }
  }),

  metadataCase('a list of tags may start after any string', async (store) => {
    await record(store, here, manifestOf(1), ['b', 'd', 'f'].map(tagNamed))
    const after = (name: string) => store.listTags(here, { after: name, limit: 10 })
    equals(await after('a'), { items: ['b', 'd', 'f'], more: false }, 'after one before all')
    equals(await after('d'), { items: ['f'], more: false }, 'after one that exists')
    equals(await after('c'), { items: ['d', 'f'], more: false }, 'after one that does not')
    equals(await after('f'), { items: [], more: false }, 'after the last')
    equals(await after('!\u0000'), { items: ['b', 'd', 'f'], more: false }, 'after no tag')
    equals((await store.listTags(here, { limit: 0 }))?.items, [], 'none')
    const two = await store.listTags(here, { limit: 2 })
    equals(two, { items: ['b', 'd'], more: true }, 'two of three')
    equals((await store.listTags(here, { limit: 3 }))?.more, false, 'more after all three')
  }),

  metadataCase('thousands of tags come, go and are paged', async (store) => {
    const names = Array.from({ length: 2600 }, (_, index) => tagNamed(`v${index}`))
    for (let at = 0; at < names.length; at += 100) {
      await record(store, here, manifestOf(1), names.slice(at, at + 100))
    }
    const sorted = [...names].sort()
    const read = () => allPages((page) => store.listTags(here, page), 700)
    equals(await read(), sorted, 'all of them')
    for (const [index, name] of sorted.entries()) {
      if (index % 3 === 0 || index < 1100) await store.deleteTag(here, name)
    }
    const left = sorted.filter((_, index) => index % 3 !== 0 && index >= 1100)
    equals(await read(), left, 'those left')
    await store.deleteManifest(here, sampleDigest(1))
    equals(await read(), [], 'those of a deleted manifest')
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
      equals(found, manifestOf(number), `manifest ${number}`)
    }
  }),
]
