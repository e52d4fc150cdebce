import type { MetadataStore } from '../../kit.ts'
import { equals } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  placeCase,
  record,
  removed,
  there,
} from './store-case.ts'

const digest = sampleDigest(1)
const latest = tagNamed('latest')
const [first, second] = [blobOf(1, 'one'), blobOf(1, 'two')]
const page = { limit: 10 }

async function missingKeys(store: MetadataStore): Promise<string[]> {
  return (await store.listMissing(10)).blobs.map(({ key }) => key).sort()
}

/** Bytes that are known to be missing or damaged. */
export const missingCases: readonly MetadataStoreCase[] = [
  metadataCase('a blob whose bytes are missing is found nowhere', async (store) => {
    await store.linkBlob(here, first, long)
    await store.mountBlob(here, there, digest, long)
    equals(await store.listMissing(10), { count: 0, blobs: [] }, 'before')
    equals(await store.markMissing(first), true, 'marking it')
    equals(await store.markMissing(first), true, 'marking it again')
    equals(await store.listMissing(10), { count: 1, blobs: [first] }, 'what is missing')
    for (const repository of [here, there]) {
      equals(await store.findBlob(repository, digest), null, 'finding it')
      equals(await store.keepBlob(repository, digest, long), null, 'keeping it')
      equals((await store.listBlobs(repository, page))?.items, [], 'the list of blobs')
    }
    equals(await store.mountBlob(here, there, digest, long), null, 'mounting it')
    equals(await store.repositoriesWith(digest, 10), [], 'repositories with it')
    const requires = [{ digest, kind: 'blob' }] as const
    const outcome = await store.putManifest(here, {
      record: manifestOf(2),
      tags: [],
      requires,
      immutable: [],
    })
    equals(outcome, { kind: 'missing', digests: [digest] }, 'a manifest that requires it')
    equals(await store.condemn(10), [], 'what is condemned')
  }),

  metadataCase('a manifest whose bytes are missing is found nowhere', async (store) => {
    const subject = sampleDigest(9)
    await record(store, here, manifestOf(1, { blob: first, subject }), [latest])
    await record(store, there, manifestOf(1, { blob: first }))
    await record(store, here, manifestOf(2, { subject }))
    equals(await store.markMissing(first), true, 'marking it')
    equals(await store.findManifest(here, digest), null, 'by digest')
    equals(await store.findManifest(there, digest), null, 'in another repository')
    equals(await store.resolveTag(here, latest), null, 'by tag')
    const left = (await store.listManifests(here, page))?.items.map(({ record }) => record.digest)
    equals(left, [sampleDigest(2)], 'the list of manifests')
    const referrers = (await store.listReferrers(here, subject, { maxBytes: 10_000 })).items
    equals(
      referrers.map((each) => each.digest),
      [sampleDigest(2)],
      'referrers',
    )
    const requires = [{ digest, kind: 'manifest' }] as const
    const change = { record: manifestOf(3), tags: [], requires, immutable: [] }
    equals((await store.putManifest(here, change)).kind, 'missing', 'a manifest that requires it')
  }),

  metadataCase('a link with a new key heals everywhere', async (store) => {
    await store.linkBlob(here, first, long)
    await record(store, there, manifestOf(1, { blob: first }), [latest])
    await store.markMissing(first)
    equals(await store.linkBlob(here, second, long), second, 'the key that counts')
    equals(await store.findBlob(here, digest), second, 'the blob')
    equals((await store.findManifest(there, digest))?.blob, second, 'the manifest elsewhere')
    equals((await store.resolveTag(there, latest))?.blob, second, 'by its tag')
    const [entry] = (await store.listManifests(there, page))?.items ?? []
    equals(entry?.record.blob, second, 'in the list of manifests')
    equals(await store.listMissing(10), { count: 0, blobs: [] }, 'what is missing')
    equals(
      (await store.condemn(10)).map(({ key }) => key),
      [first.key],
      'what is condemned',
    )
    equals(await store.markMissing(first), false, 'marking the old key')
    equals(await store.findBlob(here, digest), second, 'after that')
  }),

  metadataCase('so does a push of the manifest', async (store) => {
    await store.linkBlob(there, first, long)
    await record(store, here, manifestOf(1, { blob: first }), [latest])
    await store.markMissing(first)
    const outcome = await record(store, here, manifestOf(1, { blob: second }))
    equals(outcome.blob, second, 'the key that counts')
    equals((await store.resolveTag(here, latest))?.blob, second, 'the tag it had')
    equals(await store.findBlob(there, digest), second, 'the blob elsewhere')
  }),

  metadataCase('only the key that counts can be missing', async (store) => {
    await store.linkBlob(here, first, long)
    equals(await store.markMissing(second), false, 'another key')
    equals(await store.markMissing(blobOf(2)), false, 'another digest')
    equals(await store.findBlob(here, digest), first, 'the blob')
    equals(await store.listMissing(10), { count: 0, blobs: [] }, 'what is missing')
  }),

  metadataCase('what is missing can be deleted, and is then missing no more', async (store) => {
    await store.linkBlob(here, first, long)
    await record(store, here, manifestOf(2), [latest])
    await store.linkBlob(there, blobOf(3), long)
    for (const blob of [first, blobOf(2), blobOf(3)]) await store.markMissing(blob)
    equals((await store.listMissing(2)).blobs.length, 2, 'as many as asked for')
    equals((await store.listMissing(2)).count, 3, 'how many there are')
    equals(await store.unlinkBlob(here, digest), 'removed', 'unlinking the blob')
    const gone = await removed(store, here, sampleDigest(2), long)
    equals([gone?.record.digest, gone?.tags], [sampleDigest(2), [latest]], 'the manifest')
    equals(await missingKeys(store), [blobOf(3).key], 'what is left')
    await store.deleteRepository(there)
    equals(await missingKeys(store), [], 'once its repository is gone')
  }),

  placeCase('what is missing is so after a restart', ['reopen'], async (place) => {
    const store = await place.open()
    await store.linkBlob(here, first, long)
    await store.linkBlob(here, blobOf(2), long)
    await store.markMissing(first)
    await store.markMissing(blobOf(2))
    await store.linkBlob(here, blobOf(2, 'healed'), long)
    await store.close()
    const next = await place.open()
    equals(await missingKeys(next), [first.key], 'what is missing')
    equals(await next.findBlob(here, digest), null, 'the blob')
    equals(await next.findBlob(here, sampleDigest(2)), blobOf(2, 'healed'), 'the one that healed')
    equals(await next.linkBlob(here, second, long), second, 'healing it')
  }),
]
