import { equals } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  type CasePlace,
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

const [one, two] = [tagNamed('one'), tagNamed('two')]
const page = { limit: 10 }

function restartCase(name: string, body: (place: CasePlace) => Promise<void>): MetadataStoreCase {
  return placeCase(name, ['reopen'], body)
}

/** What is there after a store was closed and opened again. */
export const restartCases: readonly MetadataStoreCase[] = [
  metadataCase('a store can be checked, and closed more than once', async (store) => {
    await store.check?.()
    await store.linkBlob(here, blobOf(1), long)
    await store.close()
    await store.close()
  }),

  restartCase('what was recorded is there after a restart, as it was', async (place) => {
    const store = await place.open()
    await store.linkBlob(here, blobOf(1), long)
    const manifest = manifestOf(2, {
      artifactType: 'application/vnd.example',
      subject: sampleDigest(3),
      references: [sampleDigest(1)],
      annotations: [['__proto__', 'é']],
    })
    await record(store, here, manifest, [one, two])
    await record(store, here, manifestOf(4), [two])
    await store.mountBlob(here, there, sampleDigest(1), long)
    const read = async (from: typeof store): Promise<unknown> => ({
      manifests: await from.listManifests(here, page),
      tags: await from.listTagRecords(here, page),
      blobs: await from.listBlobs(here, page),
      counts: await from.countRepository(here),
      tag: await from.resolveTag(here, one),
      referrers: await from.listReferrers(here, sampleDigest(3), { maxBytes: 10_000 }),
      repositories: await from.listRepositories(page),
      mounted: await from.findBlob(there, sampleDigest(1)),
    })
    const before = await read(store)
    await store.close()
    equals(await read(await place.open()), before, 'all that can be read')
  }),

  restartCase('what was deleted is gone after a restart', async (place) => {
    const store = await place.open()
    const empty = repositoryNamed('empty')
    await store.linkBlob(empty, blobOf(1), long)
    await store.unlinkBlob(empty, sampleDigest(1))
    await record(store, here, manifestOf(2), [one, two])
    await store.deleteTag(here, one)
    await record(store, here, manifestOf(3), [one])
    await store.deleteManifest(here, sampleDigest(3), { leaseMs: over })
    await record(store, there, manifestOf(4), [one])
    await store.deleteRepository(there)
    await store.close()
    const next = await place.open()
    equals((await next.listRepositories(page)).items, [empty, here], 'repositories')
    equals((await next.listTags(here, page))?.items, [two], 'tags')
    equals(await next.findManifest(here, sampleDigest(3)), null, 'a manifest')
    equals(await next.findBlob(empty, sampleDigest(1)), null, 'a blob')
    equals(await next.deleteEmptyRepositories(10), [empty], 'repositories that hold nothing')
  }),

  restartCase('what is condemned stays so after a restart', async (place) => {
    const store = await place.open()
    for (const number of [1, 2, 3]) await store.linkBlob(here, blobOf(number), over)
    await store.linkBlob(here, blobOf(4), long)
    await store.condemn(10)
    await store.forget(blobOf(1))
    await store.linkBlob(here, blobOf(2, 'again'), long)
    await store.close()
    const next = await place.open()
    equals(await isKnown(next, blobOf(1)), false, 'what was forgotten')
    equals(await isKnown(next, blobOf(2)), true, 'what was not')
    equals(await next.findBlob(here, sampleDigest(2)), blobOf(2, 'again'), 'what came again')
    equals(await collect(next), [sampleDigest(2), sampleDigest(3)].sort(), 'what is condemned')
    equals(await next.findBlob(here, sampleDigest(4)), blobOf(4), 'what has a lease')
  }),
]
