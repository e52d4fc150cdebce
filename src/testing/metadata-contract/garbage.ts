import type { Digest } from '../../index.ts'
import type { BlobRef, MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  blobOf,
  here,
  leaseEnd,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  record,
  there,
} from './store-case.ts'

const afterwards = leaseEnd + 1000

/** Condemns all that can be and ends it; says what that was. */
async function collect(store: MetadataStore, before = afterwards): Promise<Digest[]> {
  const found: Digest[] = []
  for (;;) {
    const condemned = await store.condemn(before, 100)
    for (const blob of condemned) {
      equals(await store.isHeld(blob), false, `whether ${blob.digest} is held`)
      await store.forget(blob)
      found.push(blob.digest)
    }
    if (condemned.length === 0) return found.sort()
    holds(found.length < 10_000, 'what was forgotten is not condemned again')
  }
}

/** What nothing holds, and who holds the rest. */
export const garbageCases: readonly MetadataStoreCase[] = [
  metadataCase('an empty store has no garbage', async (store) => {
    equals(await store.condemn(afterwards, 10), [], 'what is condemned')
    equals(await store.isHeld(blobOf(1)), false, 'whether an unknown digest is held')
  }),

  metadataCase('a blob is kept until its lease ends, then condemned', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, leaseEnd)
    equals(await store.condemn(leaseEnd - 1, 10), [], 'before its end')
    equals(await store.isHeld(blob), true, 'whether it is held')
    equals(await store.condemn(afterwards, 10), [blob], 'after its end')
    equals(await store.isHeld(blob), false, 'whether it is held once condemned')
    equals(await store.findBlob(here, blob.digest), null, 'in its repository')
    equals(await store.repositoriesWith(blob.digest, 10), [], 'repositories with it')
    await store.forget(blob)
    equals(await store.condemn(afterwards, 10), [], 'once it is forgotten')
  }),

  metadataCase('a blob in several repositories is condemned once', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.mountBlob(here, there, sampleDigest(1), leaseEnd)
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
    equals(await store.findBlob(there, sampleDigest(1)), null, 'in the other repository')
  }),

  metadataCase('the longest lease of all counts', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.findBlob(here, sampleDigest(1), leaseEnd + 2000)
    await store.findBlob(here, sampleDigest(1), leaseEnd - 500)
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(here, blobOf(2), leaseEnd)
    await store.mountBlob(here, there, sampleDigest(2), leaseEnd + 2000)
    await store.linkBlob(here, blobOf(3), leaseEnd)
    await store.linkBlob(here, blobOf(3), leaseEnd + 2000)
    equals(await collect(store), [], 'while one goes on')
    for (const number of [1, 2, 3]) {
      equals(await store.isHeld(blobOf(number)), true, `whether ${number} is held`)
    }
    equals((await collect(store, leaseEnd + 3000)).length, 3, 'blobs condemned after the last')
  }),

  metadataCase('a lease asked for is not taken by asking alone', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.findBlob(here, sampleDigest(1))
    await store.findBlob(there, sampleDigest(1), leaseEnd + 2000)
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
  }),

  metadataCase('what a manifest names is kept while it stands', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(here, blobOf(2), leaseEnd)
    await store.linkBlob(here, blobOf(3), leaseEnd)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1), sampleDigest(2)] }))
    await record(store, here, manifestOf(11, { references: [sampleDigest(2)] }))
    equals(await collect(store), [sampleDigest(3)], 'what no manifest names')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'what one names')
    equals(await store.isHeld(manifestOf(10).blob), true, 'whether a manifest is held')

    await store.deleteManifest(here, sampleDigest(10))
    const first = [sampleDigest(1), sampleDigest(10)].sort()
    equals(await collect(store), first, 'after the first manifest went')
    await store.deleteManifest(here, sampleDigest(11))
    const second = [sampleDigest(2), sampleDigest(11)].sort()
    equals(await collect(store), second, 'after the second went')
  }),

  metadataCase('a manifest recorded again names what it names now', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(here, blobOf(2), leaseEnd)
    const digests = [sampleDigest(1), sampleDigest(1)]
    await record(store, here, manifestOf(10, { references: digests }))
    await record(store, here, manifestOf(10, { references: digests }))
    equals(await collect(store), [sampleDigest(2)], 'what it does not name')
    await store.deleteManifest(here, sampleDigest(10))
    equals(await collect(store), [sampleDigest(1), sampleDigest(10)].sort(), 'once it is gone')
  }),

  metadataCase('a manifest without tags stands', async (store) => {
    await record(store, here, manifestOf(1))
    equals(await collect(store), [], 'what is condemned')
    equals(await store.findManifest(here, sampleDigest(1)), manifestOf(1), 'the manifest')
  }),

  metadataCase('bytes that another repository holds are not condemned', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(there, blobOf(1), leaseEnd)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await record(store, there, manifestOf(10, { references: [] }))
    await store.deleteManifest(there, sampleDigest(10))
    equals(await collect(store), [], 'what is condemned')
    equals(await store.isHeld(blobOf(1)), true, 'whether the blob is held')
    equals(await store.isHeld(manifestOf(10).blob), true, 'whether the manifest is held')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'the blob')
  }),

  metadataCase('a blob unlinked everywhere is garbage', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(there, blobOf(1), leaseEnd)
    await store.unlinkBlob(here, sampleDigest(1))
    equals(await store.isHeld(blobOf(1)), true, 'while one repository has it')
    await store.unlinkBlob(there, sampleDigest(1))
    equals(await store.isHeld(blobOf(1)), false, 'once none has it')
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
  }),

  metadataCase('what fails to be recorded holds nothing', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    const requires = [{ digest: sampleDigest(9), kind: 'blob' }] as const
    const manifest = manifestOf(10, { references: [sampleDigest(1)] })
    await store.putManifest(here, { record: manifest, tags: [], requires })
    equals(await store.isHeld(manifestOf(10).blob), false, 'whether the manifest is held')
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
  }),

  metadataCase('no more is condemned at once than asked for, and all in the end', async (store) => {
    const numbers = [0, 1, 2, 3, 4, 5, 6]
    for (const number of numbers) await store.linkBlob(here, blobOf(number), leaseEnd)
    const found: BlobRef[] = []
    for (let round = 0; round < 20; round += 1) {
      const condemned = await store.condemn(afterwards, 2)
      holds(condemned.length <= 2, 'no more than two at once')
      for (const blob of condemned) await store.forget(blob)
      found.push(...condemned)
    }
    const digests = found.map((blob) => blob.digest).sort()
    equals(digests, numbers.map((number) => sampleDigest(number)).sort(), 'all, each once')
  }),

  metadataCase('a condemned blob that is pushed again is held', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.condemn(afterwards, 10)
    const counts = await store.linkBlob(there, blobOf(1), leaseEnd + 5000)
    equals(await store.isHeld(blobOf(1)), true, 'whether it is held')
    equals(await store.findBlob(there, sampleDigest(1)), counts, 'where it was pushed')
    equals(await store.findBlob(here, sampleDigest(1)), null, 'where it was condemned')
    equals(await collect(store), [], 'what is condemned then')
    equals(await collect(store, leaseEnd + 6000), [sampleDigest(1)], 'after its new lease')
  }),

  metadataCase('a forgotten blob may be pushed again, under another key', async (store) => {
    await store.linkBlob(here, blobOf(1, 'old'), leaseEnd)
    equals(await collect(store), [sampleDigest(1)], 'what is condemned')
    const fresh = blobOf(1, 'new')
    equals(await store.linkBlob(here, fresh, leaseEnd + 5000), fresh, 'linking it')
    equals(await store.findBlob(here, fresh.digest), fresh, 'finding it')
  }),
]
