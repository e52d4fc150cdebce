import type { MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  collect,
  countsOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  record,
  there,
} from './store-case.ts'
import { onlyEntry, restored, restoreOnly, trashCase, trashMs, trashOf } from './trash-case.ts'

const [latest, second] = [tagNamed('latest'), tagNamed('second')]
const page = { limit: 10 }

async function fill(store: MetadataStore): Promise<void> {
  await store.linkBlob(here, blobOf(1), over)
  await store.linkBlob(here, blobOf(2), long)
  await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }), [latest, second])
  await record(store, here, manifestOf(11))
}

async function all(store: MetadataStore): Promise<unknown> {
  return [
    countsOf(await store.countRepository(here)),
    await store.listManifests(here, page),
    await store.listTagRecords(here, page),
    await store.listBlobs(here, page),
  ]
}

/** Repositories in the trash. */
export const trashRepositoryCases: readonly MetadataStoreCase[] = [
  trashCase('a repository comes back as it was', async (store) => {
    await fill(store)
    const before = await all(store)
    const counts = await store.countRepository(here)
    equals(await store.deleteRepository(here, { trashMs }), counts, 'what it held')
    const { id: _, deletedAt: __, leftMs: ___, ...shown } = await onlyEntry(store)
    const facts = { kind: 'repository', repository: here, tags: [], tagCount: 0, counts }
    equals(shown as unknown, facts, 'the entry')
    equals(await store.hasRepository(here), false, 'whether it is there meanwhile')
    equals((await store.listRepositories(page)).items, [], 'what is listed')
    equals(await store.findBlob(here, sampleDigest(1)), null, 'a blob, meanwhile')
    equals(await store.repositoriesWith(sampleDigest(1), 10), [], 'who has it')
    equals(await store.mountBlob(here, there, sampleDigest(1), long), null, 'mounting it')
    equals(await store.resolveTag(here, latest), null, 'a tag, meanwhile')
    equals(await collect(store), [], 'what is condemned')
    await restoreOnly(store)
    equals(await all(store), before, 'what it has')
    equals((await store.listRepositories(page)).items, [here], 'what is listed then')
    equals(await collect(store), [], 'what is condemned then')
  }),

  trashCase('a repository stays in the trash while another has its name', async (store) => {
    await fill(store)
    await store.deleteRepository(here, { trashMs })
    await store.linkBlob(here, blobOf(3), long)
    equals(await restored(store, await onlyEntry(store)), { kind: 'exists' }, 'what came of it')
    equals(await store.findBlob(here, sampleDigest(3)), blobOf(3), 'what the other has')
    equals(await store.findManifest(here, sampleDigest(10)), null, 'nothing of the first')
    await store.unlinkBlob(here, sampleDigest(3))
    await restoreOnly(store)
    equals((await store.resolveTag(here, latest))?.digest, sampleDigest(10), 'once that is empty')
  }),

  trashCase('a repository that was deleted twice has two entries', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.deleteRepository(here, { trashMs })
    await store.linkBlob(here, blobOf(2), long)
    await store.deleteRepository(here, { trashMs })
    const [first, last] = await trashOf(store)
    equals((await restored(store, first))?.kind, 'restored', 'the first')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'what it has')
    equals(await restored(store, last), { kind: 'exists' }, 'the last')
    await store.deleteRepository(here)
    equals((await restored(store, last))?.kind, 'restored', 'the last, then')
    equals(await store.findBlob(here, sampleDigest(2)), blobOf(2), 'what that has')
  }),

  trashCase(
    'a repository that is not brought back frees what it alone had',
    async (store, place) => {
      await fill(store)
      await store.linkBlob(there, blobOf(2), 10 * trashMs)
      await store.deleteRepository(here, { trashMs })
      await place.advance(trashMs)
      const gone = [1, 10, 11].map((number) => sampleDigest(number)).sort()
      equals(await collect(store), gone, 'what is condemned')
      equals(await trashOf(store), [], 'the trash')
    },
    ['clock'],
  ),

  trashCase(
    'all of a repository stays as long as it is in the trash',
    async (store, place) => {
      await store.linkBlob(here, blobOf(1), over)
      await store.deleteRepository(here, { trashMs })
      await place.advance(trashMs / 2)
      equals(await collect(store), [], 'what is condemned, though its lease is over')
      await restoreOnly(store)
      equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'a blob that nothing names')
    },
    ['clock'],
  ),

  trashCase('what was deleted before its repository comes back by itself', async (store) => {
    await fill(store)
    await store.deleteTag(here, latest, { trashMs })
    await store.deleteManifest(here, sampleDigest(11), { leaseMs: long, trashMs })
    await store.deleteRepository(here, { trashMs })
    const [tag, manifest, repository] = await trashOf(store)
    equals(await restored(store, tag), { kind: 'missing', digests: [sampleDigest(10)] }, 'a tag')
    equals((await restored(store, manifest))?.kind, 'restored', 'a manifest')
    holds((await store.findManifest(here, sampleDigest(11))) !== null, 'it is there, alone')
    equals(await restored(store, repository), { kind: 'exists' }, 'the repository')
    await store.deleteRepository(here)
    equals((await restored(store, repository))?.kind, 'restored', 'the repository, then')
    equals((await restored(store, tag))?.kind, 'restored', 'the tag, then')
    equals((await store.listTags(here, page))?.items, [latest, second], 'its tags')
    equals(await store.findManifest(here, sampleDigest(11)), null, 'what was deleted for good')
  }),

  trashCase('entries of a repository outlive it', async (store) => {
    await fill(store)
    await store.deleteManifest(here, sampleDigest(10), { leaseMs: over, trashMs })
    await store.deleteRepository(here)
    equals(await collect(store), [sampleDigest(2), sampleDigest(11)].sort(), 'what is condemned')
    const { tags } = await restoreOnly(store)
    equals(tags, [latest, second], 'the tags of the manifest')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'its layer')
  }),

  trashCase('what was in the trash may be deleted again', async (store) => {
    await fill(store)
    await store.deleteRepository(here, { trashMs })
    await restoreOnly(store)
    await store.deleteManifest(here, sampleDigest(10), { leaseMs: over, trashMs })
    await store.deleteTag(here, latest)
    equals(await store.listTags(here, page), { items: [], more: false }, 'its tags')
    await restoreOnly(store)
    await store.deleteRepository(here)
    equals((await collect(store)).length, 4, 'how many digests are condemned')
  }),
]
