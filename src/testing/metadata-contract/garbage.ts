import type { BlobRef } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  blobOf,
  collect,
  here,
  isKnown,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  over,
  putOf,
  record,
  there,
} from './store-case.ts'

/** What nothing names, and what names the rest. */
export const garbageCases: readonly MetadataStoreCase[] = [
  metadataCase('an empty store has no garbage', async (store) => {
    equals(await store.condemn(10), [], 'what is condemned')
    equals(await isKnown(store, blobOf(1)), false, 'an unknown key')
  }),

  metadataCase('a blob is kept during its lease', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    equals(await store.condemn(10), [], 'what is condemned')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'the blob')
  }),

  metadataCase('a blob whose lease is over is condemned until it is forgotten', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, over)
    equals(await store.condemn(10), [blob], 'what is condemned')
    equals(await store.findBlob(here, blob.digest), null, 'in its repository')
    equals(await store.keepBlob(here, blob.digest, long), null, 'keeping it')
    equals(await store.repositoriesWith(blob.digest, 10), [], 'repositories with it')
    equals(await store.condemn(10), [blob], 'while its bytes are not gone')
    equals(await isKnown(store, blob), true, 'whether its key is known')
    await store.forget(blob)
    equals(await isKnown(store, blob), false, 'whether it is then')
    equals(await store.condemn(10), [], 'once it is forgotten')
    await store.forget(blob)
  }),

  metadataCase('a blob in several repositories is condemned once', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await store.mountBlob(here, there, sampleDigest(1), over)
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
    equals(await store.findBlob(there, sampleDigest(1)), null, 'in the other repository')
  }),

  metadataCase('the longest lease of all counts', async (store) => {
    for (const number of [1, 2, 3, 4]) await store.linkBlob(here, blobOf(number), over)
    equals(await store.keepBlob(here, sampleDigest(1), long), blobOf(1), 'keeping one')
    equals(await store.keepBlob(here, sampleDigest(1), over), blobOf(1), 'and for a shorter time')
    await store.linkBlob(here, blobOf(1), over)
    await store.mountBlob(here, there, sampleDigest(2), long)
    await store.linkBlob(here, blobOf(3), long)
    equals(await collect(store), [sampleDigest(4)], 'what has no lease')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'what was kept')
    equals(await store.findBlob(there, sampleDigest(2)), blobOf(2), 'what was mounted')
    equals(await store.findBlob(here, sampleDigest(3)), blobOf(3), 'what was linked again')
  }),

  metadataCase('finding a blob keeps nothing', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await store.findBlob(here, sampleDigest(1))
    await store.keepBlob(there, sampleDigest(1), long)
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
  }),

  metadataCase('what a manifest names is kept while it stands', async (store) => {
    for (const number of [1, 2, 3]) await store.linkBlob(here, blobOf(number), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1), sampleDigest(2)] }))
    await record(store, here, manifestOf(11, { references: [sampleDigest(2)] }))
    equals(await collect(store), [sampleDigest(3)], 'what no manifest names')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'what one names')

    await store.deleteManifest(here, sampleDigest(10), { leaseMs: over })
    const first = [sampleDigest(1), sampleDigest(10)].sort()
    equals(await collect(store), first, 'after the first manifest went')
    await store.deleteManifest(here, sampleDigest(11), { leaseMs: over })
    const second = [sampleDigest(2), sampleDigest(11)].sort()
    equals(await collect(store), second, 'after the second went')
  }),

  metadataCase('what loses its last manifest lives one more lease', async (store) => {
    for (const number of [1, 2]) await store.linkBlob(here, blobOf(number), over)
    const references = [sampleDigest(1), sampleDigest(2)]
    await record(store, here, manifestOf(10, { references }))
    await record(store, here, manifestOf(11, { references: [sampleDigest(2)] }))
    await store.deleteManifest(here, sampleDigest(10), { leaseMs: long })
    await store.deleteManifest(here, sampleDigest(11), { leaseMs: over })
    equals(
      await collect(store),
      [sampleDigest(10), sampleDigest(11), sampleDigest(2)].sort(),
      'what',
    )
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'what has a lease')
  }),

  metadataCase('a manifest recorded again names what it names now', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await store.linkBlob(here, blobOf(2), over)
    const digests = [sampleDigest(1), sampleDigest(1)]
    await record(store, here, manifestOf(10, { references: digests }))
    await record(store, here, manifestOf(10, { references: digests }))
    equals(await collect(store), [sampleDigest(2)], 'what it does not name')
    await record(store, here, manifestOf(10, { references: [] }))
    equals(await collect(store), [], 'what it does not name any more has a lease')
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await store.deleteManifest(here, sampleDigest(10), { leaseMs: over })
    equals(await store.findManifest(here, sampleDigest(10)), null, 'once it is gone')
  }),

  metadataCase('a manifest without tags stands', async (store) => {
    await record(store, here, manifestOf(1))
    equals(await collect(store), [], 'what is condemned')
    equals(putOf(await store.findManifest(here, sampleDigest(1))), manifestOf(1), 'the manifest')
  }),

  metadataCase('bytes that another repository names are not condemned', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await store.linkBlob(there, blobOf(1), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await record(store, there, manifestOf(10, { references: [] }))
    await store.deleteManifest(there, sampleDigest(10), { leaseMs: over })
    equals(await collect(store), [], 'what is condemned')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'the blob')
    equals(putOf(await store.findManifest(here, sampleDigest(10)))?.blob, blobOf(10), 'a manifest')
  }),

  metadataCase('a blob unlinked everywhere is garbage, its lease over or not', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(there, blobOf(1), long)
    await store.unlinkBlob(here, sampleDigest(1))
    equals(await collect(store), [], 'while one repository has it')
    await store.unlinkBlob(there, sampleDigest(1))
    equals(await collect(store), [sampleDigest(1)], 'once none has it')
  }),

  metadataCase('what fails to be recorded names nothing', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    const requires = [{ digest: sampleDigest(9), kind: 'blob' }] as const
    const manifest = manifestOf(10, { references: [sampleDigest(1)] })
    await store.putManifest(here, { record: manifest, tags: [], requires, immutable: [] })
    equals(await isKnown(store, blobOf(10)), false, 'the key of the manifest')
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
  }),

  metadataCase('no more is condemned at once than asked for, and all in the end', async (store) => {
    const numbers = [0, 1, 2, 3, 4, 5, 6]
    for (const number of numbers) await store.linkBlob(here, blobOf(number), over)
    const found: BlobRef[] = []
    for (let round = 0; round < 20; round += 1) {
      const condemned = await store.condemn(2)
      holds(condemned.length <= 2, 'no more than two at once')
      for (const blob of condemned) await store.forget(blob)
      found.push(...condemned)
    }
    const digests = found.map((blob) => blob.digest).sort()
    equals(digests, numbers.map((number) => sampleDigest(number)).sort(), 'all, each once')
  }),

  metadataCase('bytes that cannot be deleted do not stand in the way of others', async (store) => {
    const numbers = [0, 1, 2, 3, 4]
    for (const number of numbers) await store.linkBlob(here, blobOf(number), over)
    const seen = new Set<string>()
    for (let round = 0; round < 20; round += 1) {
      for (const { digest } of await store.condemn(2)) seen.add(digest)
    }
    equals([...seen].sort(), numbers.map((number) => sampleDigest(number)).sort(), 'all')
  }),
]
