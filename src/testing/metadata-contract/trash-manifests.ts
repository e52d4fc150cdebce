import type { MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  collect,
  here,
  type MetadataStoreCase,
  manifestOf,
  over,
  record,
} from './store-case.ts'
import { onlyEntry, restored, restoreOnly, trashCase, trashMs, trashOf } from './trash-case.ts'

const [latest, second, third] = ['latest', 'second', 'third'].map(tagNamed) as [
  ReturnType<typeof tagNamed>,
  ReturnType<typeof tagNamed>,
  ReturnType<typeof tagNamed>,
]
const [image, layer] = [sampleDigest(10), sampleDigest(1)]
const subject = sampleDigest(99)

/** An image of one layer, with tags. */
async function pushImage(store: MetadataStore, tags = [latest, second]): Promise<void> {
  await store.linkBlob(here, blobOf(1), over)
  await record(store, here, manifestOf(10, { references: [layer], subject }), tags)
}

function deleteImage(store: MetadataStore) {
  return store.deleteManifest(here, image, { leaseMs: over, trashMs })
}

/** Manifests in the trash, with their tags and what they name. */
export const trashManifestCases: readonly MetadataStoreCase[] = [
  trashCase('a manifest comes back as it was, with its tags and blobs', async (store) => {
    await pushImage(store)
    const page = { limit: 10 }
    const before = [await store.listManifests(here, page), await store.listTagRecords(here, page)]
    await deleteImage(store)
    const { id: _, deletedAt: __, leftMs: ___, ...shown } = await onlyEntry(store)
    const { size, mediaType } = manifestOf(10)
    const tags = [latest, second]
    const facts = { kind: 'manifest', repository: here, digest: image, size, mediaType, tags }
    equals(shown as unknown, { ...facts, subject, tagCount: 2 }, 'the entry')
    equals(await collect(store), [], 'what is condemned meanwhile')
    equals(await store.findManifest(here, image), null, 'the manifest, meanwhile')
    equals(await store.resolveTag(here, latest), null, 'its tag, meanwhile')
    equals(await store.findBlob(here, layer), null, 'its layer, once a collection took it out')
    const outcome = await restoreOnly(store)
    equals([outcome.tags, outcome.tagCount, outcome.leftCount], [tags, 2, 0], 'its tags')
    const after = [await store.listManifests(here, page), await store.listTagRecords(here, page)]
    equals(after, before, 'what the repository has')
    equals(await store.findBlob(here, layer), blobOf(1), 'its layer')
    const referrers = await store.listReferrers(here, subject, { maxBytes: 1e6 })
    equals(referrers.items.length, 1, 'the referrers of its subject')
    equals(await collect(store), [], 'what is condemned in the end')
  }),

  trashCase(
    'a manifest keeps what it names also where that is deleted by itself',
    async (store) => {
      await pushImage(store)
      await deleteImage(store)
      await store.unlinkBlob(here, layer)
      equals(await collect(store), [], 'what is condemned')
      await restoreOnly(store)
      equals(await store.findBlob(here, layer), blobOf(1), 'its layer')
    },
  ),

  trashCase(
    'a manifest that is not brought back frees what it alone kept',
    async (store, place) => {
      await pushImage(store)
      await deleteImage(store)
      await place.advance(trashMs)
      equals(await collect(store), [layer, image].sort(), 'what is condemned')
      equals(await trashOf(store), [], 'the trash')
    },
    ['clock'],
  ),

  trashCase('tags that stand for something else by now are left, and named', async (store) => {
    await pushImage(store, [latest, second, third])
    await deleteImage(store)
    await record(store, here, manifestOf(11), [second])
    const { tags, tagCount, left, leftCount } = await restoreOnly(store)
    equals([tags, tagCount], [[latest, third], 2], 'the tags that were set')
    equals([left, leftCount], [[{ tag: second, digest: sampleDigest(11) }], 1], 'those that stay')
    equals((await store.resolveTag(here, second))?.digest, sampleDigest(11), 'the tag that moved')
    equals((await store.resolveTag(here, third))?.digest, image, 'a tag that came back')
  }),

  trashCase(
    'a manifest that was pushed again keeps its record, and gets its tags',
    async (store) => {
      await pushImage(store)
      await deleteImage(store)
      const annotations = [['pushed', 'again']] as const
      await record(store, here, manifestOf(10, { references: [layer], annotations }), [second])
      const now = await store.findManifest(here, image)
      const { tags } = await restoreOnly(store)
      equals(tags, [latest], 'the tags that were set')
      equals(await store.findManifest(here, image), now, 'its record')
      equals((await store.listTags(here, { limit: 10 }))?.items, [latest, second], 'its tags')
      equals(await store.findBlob(here, layer), blobOf(1), 'its layer')
    },
  ),

  trashCase('an index needs its images', async (store) => {
    await pushImage(store, [])
    await record(store, here, manifestOf(20, { references: [image, sampleDigest(21)] }), [latest])
    await store.deleteManifest(here, sampleDigest(20), { leaseMs: over, trashMs })
    await deleteImage(store)
    const [index, child] = await trashOf(store)
    const outcome = await restored(store, index)
    equals(
      outcome,
      { kind: 'missing', digests: [image] },
      'what is missing: not what never was there',
    )
    equals(await store.findManifest(here, sampleDigest(20)), null, 'the index')
    equals((await trashOf(store)).length, 2, 'how many entries there are')
    equals((await restored(store, child))?.kind, 'restored', 'the image')
    equals((await restored(store, index))?.kind, 'restored', 'the index, then')
    equals((await store.resolveTag(here, latest))?.digest, sampleDigest(20), 'its tag')
  }),

  trashCase('a manifest whose bytes are missing stays in the trash', async (store) => {
    await pushImage(store)
    await deleteImage(store)
    await store.markMissing(blobOf(1))
    const outcome = await restored(store, await onlyEntry(store))
    equals(outcome, { kind: 'missing', digests: [layer] }, 'without its layer')
    equals(await store.findManifest(here, image), null, 'the manifest')
    equals((await onlyEntry(store)).tagCount, 2, 'the entry')
  }),

  trashCase('a manifest that is deleted twice has two entries', async (store) => {
    await pushImage(store, [latest])
    await deleteImage(store)
    await pushImage(store, [second])
    await deleteImage(store)
    const entries = await trashOf(store)
    equals(
      entries.map(({ tags }) => tags),
      [[latest], [second]],
      'their tags',
    )
    for (const entry of entries) equals((await restored(store, entry))?.kind, 'restored', entry.id)
    equals((await store.listTags(here, { limit: 10 }))?.items, [latest, second], 'its tags')
  }),

  trashCase(
    'a manifest that comes back without a tag lost its last one then',
    async (store) => {
      const times = { pushedAt: 1000, updatedAt: [] }
      const change = { record: manifestOf(10), tags: [], requires: [], immutable: [], times }
      await store.putManifest(here, change)
      const pushedAt = (await store.findManifest(here, image))?.pushedAt
      await deleteImage(store)
      const { deletedAt } = await onlyEntry(store)
      await restoreOnly(store)
      const found = await store.findManifest(here, image)
      equals(found?.pushedAt, pushedAt, 'when it was pushed')
      holds((found?.untaggedAt ?? 0) >= deletedAt, 'it has its time without a tag before it')
    },
    ['usage'],
  ),

  trashCase(
    'what comes back is held to a quota',
    async (store) => {
      await pushImage(store)
      const held = (await store.countRepository(here))?.bytes ?? 0
      await deleteImage(store)
      await collect(store)
      equals((await store.countRepository(here))?.bytes, 0, 'what counts meanwhile')
      const entry = await onlyEntry(store)
      const refused = await restored(store, entry, { mostBytes: held - 1 })
      equals(refused, { kind: 'over-quota', used: 0, needed: held }, 'beyond it')
      equals(await store.findManifest(here, image), null, 'the manifest')
      equals((await restored(store, entry, { mostBytes: held }))?.kind, 'restored', 'within it')
      equals((await store.countRepository(here))?.bytes, held, 'what counts then')
    },
    ['bytes'],
  ),

  trashCase('a manifest with thousands of tags comes back with all of them', async (store) => {
    const tags = Array.from({ length: 2500 }, (_, at) =>
      tagNamed(`t${String(at).padStart(4, '0')}`),
    )
    for (let at = 0; at < tags.length; at += 500) {
      await record(store, here, manifestOf(10), tags.slice(at, at + 500))
    }
    const before = await store.listTagRecords(here, { limit: 5000 })
    await deleteImage(store)
    const [moved = latest] = tags
    await record(store, here, manifestOf(11), [moved])
    const entry = await onlyEntry(store)
    equals([entry.tags.length, entry.tagCount], [100, 2500], 'the tags of the entry')
    const outcome = await restoreOnly(store)
    equals([outcome.tagCount, outcome.leftCount], [2499, 1], 'how many tags were set, and left')
    equals(outcome.tags, tags.slice(1, 1001), 'those that are named')
    const after = await store.listTagRecords(here, { limit: 5000 })
    equals(after?.items.slice(1), before?.items.slice(1), 'the tags, with their times')
  }),
]
