import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  allPages,
  blobOf,
  collect,
  here,
  isKnown,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  record,
  there,
} from './store-case.ts'
import { onlyEntry, restored, restoreOnly, trashCase, trashMs, trashOf } from './trash-case.ts'

const [latest, second] = [tagNamed('latest'), tagNamed('second')]
const digest = sampleDigest(1)

/** The trash as such, and tags and blobs in it. */
export const trashCases: readonly MetadataStoreCase[] = [
  trashCase('a store that keeps a trash says so, and begins with an empty one', async (store) => {
    equals(store.keepsTrash, true, 'keepsTrash')
    equals(await trashOf(store), [], 'the trash')
    equals(await store.restore?.(here, '000000001', { leaseMs: long }), null, 'an unknown entry')
    equals(await store.dropTrash?.('all', 10), 0, 'what is dropped of nothing')
  }),

  trashCase('what is deleted without a time does not go to the trash', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await record(store, here, manifestOf(2), [latest, second])
    await store.deleteTag(here, second)
    await store.deleteTag(here, latest, { trashMs: 0 })
    await store.deleteManifest(here, sampleDigest(2), { leaseMs: long })
    await store.unlinkBlob(here, digest, {})
    await store.deleteRepository(here)
    equals(await trashOf(store), [], 'the trash')
  }),

  trashCase('what was not there does not go to the trash', async (store) => {
    await record(store, here, manifestOf(2))
    await store.deleteTag(here, latest, { trashMs })
    await store.deleteManifest(here, digest, { leaseMs: long, trashMs })
    await store.unlinkBlob(here, digest, { trashMs })
    await store.deleteRepository(there, { trashMs })
    equals(await trashOf(store), [], 'the trash')
  }),

  trashCase('a tag comes back with its time', async (store) => {
    const times = { pushedAt: 1000, updatedAt: [2000] }
    const change = { record: manifestOf(1), tags: [latest], requires: [], immutable: [] }
    await store.putManifest(here, { ...change, ...(store.keepsTimes === true ? { times } : {}) })
    const before = await store.listTagRecords(here, { limit: 10 })
    equals(await store.deleteTag(here, latest, { trashMs }), digest, 'what it stood for')
    const entry = await onlyEntry(store)
    const { id, deletedAt, leftMs, ...shown } = entry
    const facts = { kind: 'tag', repository: here, tag: latest, digest, tags: [], tagCount: 0 }
    equals(shown as unknown, facts, 'the entry')
    holds(id.length > 0 && Number.isSafeInteger(deletedAt), 'it has an id and a time')
    holds(leftMs > 0 && leftMs <= trashMs, 'it says how long it stays')
    equals(await store.resolveTag(here, latest), null, 'the tag, meanwhile')
    equals((await restoreOnly(store)).tags, [latest], 'the tags that were set')
    equals(await store.listTagRecords(here, { limit: 10 }), before, 'the tag, with its time')
    equals(await restored(store, entry), null, 'bringing it back twice')
  }),

  trashCase('a tag that stands for another manifest by now stays', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.deleteTag(here, latest, { trashMs })
    await record(store, here, manifestOf(2), [latest])
    const entry = await onlyEntry(store)
    const outcome = await restored(store, entry)
    equals(outcome, { kind: 'exists', digest: sampleDigest(2) }, 'what came of it')
    equals((await store.resolveTag(here, latest))?.digest, sampleDigest(2), 'the tag')
    await store.deleteTag(here, latest)
    equals((await restoreOnly(store)).tags, [latest], 'once it is free')
  }),

  trashCase('a tag that was set to the same manifest again keeps its time', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.deleteTag(here, latest, { trashMs })
    await record(store, here, manifestOf(1), [latest])
    const now = await store.listTagRecords(here, { limit: 10 })
    equals((await restoreOnly(store)).tagCount, 0, 'how many tags were set')
    equals(await store.listTagRecords(here, { limit: 10 }), now, 'the tag')
  }),

  trashCase('a tag needs its manifest', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.deleteTag(here, latest, { trashMs })
    await store.deleteManifest(here, digest, { leaseMs: long, trashMs })
    const [tag, manifest] = await trashOf(store)
    equals(await restored(store, tag), { kind: 'missing', digests: [digest] }, 'without it')
    equals((await restored(store, manifest))?.kind, 'restored', 'the manifest')
    equals((await restored(store, tag))?.kind, 'restored', 'the tag, then')
    equals((await store.resolveTag(here, latest))?.digest, digest, 'what it stands for')
  }),

  trashCase('a blob comes back, and its bytes stay meanwhile', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    equals(await store.unlinkBlob(here, digest, { trashMs }), 'removed', 'unlinking')
    const { id: _, deletedAt: __, leftMs: ___, ...shown } = await onlyEntry(store)
    const facts = { kind: 'blob', repository: here, digest, size: 101, tags: [], tagCount: 0 }
    equals(shown as unknown, facts, 'the entry')
    equals(await collect(store), [], 'what is condemned')
    equals(await isKnown(store, blobOf(1)), true, 'whether the key is known')
    equals(await store.findBlob(here, digest), null, 'the blob, meanwhile')
    equals(await store.repositoriesWith(digest, 10), [], 'who has it')
    equals(await store.mountBlob(here, there, digest, long), null, 'mounting it')
    await restoreOnly(store)
    equals(await store.findBlob(here, digest), blobOf(1), 'the blob')
    equals(await collect(store), [], 'what is condemned, while its lease goes on')
  }),

  trashCase('a blob comes back under the key that counts by then', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.unlinkBlob(here, digest, { trashMs })
    const other = blobOf(1, 'second/1')
    equals(await store.linkBlob(there, other, long), blobOf(1), 'a push meanwhile')
    await store.markMissing(blobOf(1))
    equals(
      await restored(store, await onlyEntry(store)),
      { kind: 'missing', digests: [digest] },
      'without bytes',
    )
    const healing = blobOf(1, 'third/1')
    equals(await store.linkBlob(there, healing, long), healing, 'a push that heals it')
    await restoreOnly(store)
    equals(await store.findBlob(here, digest), healing, 'the blob')
  }),

  trashCase('a blob that was pushed again is not changed by its entry', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.unlinkBlob(here, digest, { trashMs })
    await store.linkBlob(here, blobOf(1, 'second/1'), long)
    await restoreOnly(store)
    equals(await store.findBlob(here, digest), blobOf(1), 'the blob')
    equals(await collect(store), [digest], 'the key that lost')
  }),

  trashCase(
    'an entry whose time is over is gone, and its bytes go',
    async (store, place) => {
      await store.linkBlob(here, blobOf(1), over)
      await store.unlinkBlob(here, digest, { trashMs })
      const entry = await onlyEntry(store)
      await place.advance(trashMs / 2)
      equals(await collect(store), [], 'what is condemned at half the time')
      holds((await onlyEntry(store)).leftMs <= trashMs / 2, 'half of the time is left')
      await place.advance(trashMs / 2)
      equals(await collect(store), [digest], 'what is condemned in the end')
      equals(await trashOf(store), [], 'the trash')
      equals(await restored(store, entry), null, 'bringing it back')
    },
    ['clock'],
  ),

  trashCase('entries can be ended before their time, the oldest first', async (store) => {
    for (const number of [1, 2, 3, 4]) {
      await store.linkBlob(here, blobOf(number), over)
      await store.unlinkBlob(here, sampleDigest(number), { trashMs })
    }
    const ids = (await trashOf(store)).map(({ id }) => id)
    equals(await store.dropTrash?.(['unknown', ids[2] ?? ''], 10), 1, 'one of them by its id')
    equals(await store.dropTrash?.('all', 2), 2, 'two of the others')
    equals((await onlyEntry(store)).id, ids[3] ?? '', 'the one that is left')
    const gone = [1, 2, 3].map((number) => sampleDigest(number)).sort()
    equals(await collect(store), gone, 'what is condemned')
    equals(await store.dropTrash?.('all', 2), 1, 'the last')
    equals(await collect(store), [sampleDigest(4)], 'what is condemned then')
  }),

  trashCase(
    'the trash is listed in pages, the oldest first, also of one repository',
    async (store) => {
      for (const number of [1, 2, 3, 4, 5]) {
        const name = number % 2 === 0 ? there : here
        await store.linkBlob(name, blobOf(number), long)
        await store.unlinkBlob(name, sampleDigest(number), { trashMs })
      }
      const digests = (await trashOf(store)).map((entry) => entry.digest)
      equals(
        digests,
        [1, 2, 3, 4, 5].map((number) => sampleDigest(number)),
        'all of it',
      )
      for (const repository of [undefined, here, there]) {
        const all = await trashOf(store, repository)
        const read = async (page: { readonly limit: number; readonly after?: string }) =>
          (await store.listTrash?.(page, repository)) ?? null
        const paged = await allPages(read, 2, ({ id }) => id)
        equals(
          paged.map(({ id }) => id),
          all.map(({ id }) => id),
          `in pages, of ${repository}`,
        )
      }
      const own = (await trashOf(store, there)).map((entry) => entry.digest)
      equals(own, [sampleDigest(2), sampleDigest(4)], 'of one repository')
    },
  ),

  trashCase('an entry is of its repository alone', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.unlinkBlob(here, digest, { trashMs })
    const { id } = await onlyEntry(store)
    equals(await store.restore?.(there, id, { leaseMs: long }), null, 'asked for in another')
    equals(await store.findBlob(there, digest), null, 'the blob')
    await restoreOnly(store)
  }),

  trashCase(
    'the trash outlives the process',
    async (store, place) => {
      await record(store, here, manifestOf(1), [latest, second])
      await store.linkBlob(here, blobOf(3), over)
      await store.deleteTag(here, second, { trashMs })
      await store.deleteManifest(here, digest, { leaseMs: long, trashMs })
      await store.unlinkBlob(here, sampleDigest(3), { trashMs })
      await store.deleteRepository(here, { trashMs })
      const entries = (await trashOf(store)).map(({ leftMs: _, ...entry }) => entry)
      equals(
        entries.map(({ kind }) => kind),
        ['tag', 'manifest', 'blob', 'repository'],
        'kinds',
      )
      await store.close()
      const reopened = await place.open()
      const after = (await trashOf(reopened)).map(({ leftMs: _, ...entry }) => entry)
      equals(after, entries, 'the entries')
      const [tag, manifest, blob, repository] = await trashOf(reopened)
      equals((await restored(reopened, repository))?.kind, 'restored', 'the repository')
      equals((await restored(reopened, manifest))?.kind, 'restored', 'the manifest')
      equals((await restored(reopened, tag))?.kind, 'restored', 'the tag')
      equals((await restored(reopened, blob))?.kind, 'restored', 'the blob')
      const tags = (await reopened.listTags(here, { limit: 10 }))?.items
      equals(tags, [latest, second], 'the tags')
      equals(await reopened.findBlob(here, sampleDigest(3)), blobOf(3), 'the blob, found')
    },
    ['reopen'],
  ),
]
