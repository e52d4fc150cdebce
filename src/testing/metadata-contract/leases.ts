import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  blobOf,
  type CasePlace,
  collect,
  here,
  type MetadataStoreCase,
  manifestOf,
  over,
  placeCase,
  record,
} from './store-case.ts'

const second = 1000
const leaseMs = 3600 * second
/** So long that a lease is over, whatever a store adds to it. */
const ages = 100 * leaseMs

function leaseCase(
  name: string,
  body: (place: CasePlace) => Promise<void>,
  more: readonly ['reopen'] | readonly [] = [],
): MetadataStoreCase {
  return placeCase(name, ['clock', ...more], body)
}

/** Leases: durations by the store's own clock. */
export const leaseCases: readonly MetadataStoreCase[] = [
  leaseCase('a lease lasts as long as was asked for, and ends', async (place) => {
    const store = await place.open()
    await store.linkBlob(here, blobOf(1), leaseMs)
    await place.advance(leaseMs - second)
    equals(await collect(store), [], 'before its end')
    await place.advance(ages)
    equals(await collect(store), [sampleDigest(1)], 'after its end')
  }),

  leaseCase('a blob that is kept has a whole lease from then on', async (place) => {
    const store = await place.open()
    await store.linkBlob(here, blobOf(1), leaseMs)
    await store.linkBlob(here, blobOf(2), leaseMs)
    for (let round = 0; round < 10; round += 1) {
      await place.advance(leaseMs - second)
      equals(await store.keepBlob(here, sampleDigest(1), leaseMs), blobOf(1), 'keeping it')
    }
    equals(await collect(store), [sampleDigest(2)], 'what was not kept')
    await place.advance(leaseMs - second)
    equals(await collect(store), [], 'during its last lease')
    await place.advance(ages)
    equals(await collect(store), [sampleDigest(1)], 'in the end')
  }),

  leaseCase('what loses its last manifest has a lease from then on', async (place) => {
    const store = await place.open()
    await store.linkBlob(here, blobOf(1), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await place.advance(ages)
    equals(await collect(store), [], 'while the manifest stands')
    await store.deleteManifest(here, sampleDigest(10), { leaseMs })
    equals(await collect(store), [sampleDigest(10)], 'the manifest')
    await place.advance(leaseMs - second)
    equals(await collect(store), [], 'before the end of the lease')
    await place.advance(ages)
    equals(await collect(store), [sampleDigest(1)], 'after its end')
  }),

  leaseCase(
    'a lease goes on after a restart',
    async (place) => {
      const store = await place.open()
      await store.linkBlob(here, blobOf(1), leaseMs)
      await store.linkBlob(here, blobOf(2), over)
      await store.keepBlob(here, sampleDigest(2), leaseMs)
      await place.advance(leaseMs / 2)
      await store.close()
      const next = await place.open()
      await place.advance(leaseMs / 2 - second)
      equals(await collect(next), [], 'before its end')
      await place.advance(ages)
      equals(await collect(next), [sampleDigest(1), sampleDigest(2)].sort(), 'after its end')
    },
    ['reopen'],
  ),

  leaseCase(
    'a store that is restarted again and again collects in the end',
    async (place) => {
      const first = await place.open()
      await first.linkBlob(here, blobOf(1), leaseMs)
      await first.close()
      let found: string[] = []
      for (let round = 0; round < 100 && found.length === 0; round += 1) {
        const store = await place.open()
        await place.advance(leaseMs / 10)
        found = await collect(store)
        await store.close()
      }
      equals(found, [sampleDigest(1)], 'what is condemned')
    },
    ['reopen'],
  ),
]
