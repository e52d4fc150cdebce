import type { ManifestRecord, MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  placeCase,
  record,
  there,
} from './store-case.ts'

const [latest, second] = [tagNamed('latest'), tagNamed('second')]
const hourMs = 3_600_000
/** The beginning of an hour. */
const hour = 500_000 * hourMs

/** A case of what a store notes of the use of manifests. */
function usageCase(name: string, body: (store: MetadataStore) => Promise<void>): MetadataStoreCase {
  return placeCase(name, ['usage'], async (place) => body(await place.open()))
}

async function found(store: MetadataStore, number: number): Promise<ManifestRecord> {
  const record = await store.findManifest(here, sampleDigest(number))
  holds(record !== null, 'the manifest is there')
  return record
}

/** When a manifest lost its last tag, and when it was pulled. */
export const usageCases: readonly MetadataStoreCase[] = [
  usageCase('a manifest says when its last tag left it', async (store) => {
    await record(store, here, manifestOf(1), [latest, second])
    equals((await found(store, 1)).untaggedAt, undefined, 'while it has tags')
    await store.deleteTag(here, second)
    equals((await found(store, 1)).untaggedAt, undefined, 'while it has one tag')
    await record(store, here, manifestOf(2), [latest])
    const { untaggedAt = 0, pushedAt } = await found(store, 1)
    holds(Number.isSafeInteger(untaggedAt), 'it is in whole milliseconds')
    holds(untaggedAt >= pushedAt, 'a tag that moved on is noted')
    const listed = (await store.listManifests(here, { limit: 9 }))?.items ?? []
    const times = new Map(listed.map((one) => [one.record.digest, one.record.untaggedAt]))
    equals(times.get(sampleDigest(1)), untaggedAt, 'in the list')
    await store.deleteTag(here, latest)
    holds((await found(store, 2)).untaggedAt !== undefined, 'a tag that was deleted is noted')
  }),

  usageCase('a manifest that never had a tag has not lost one', async (store) => {
    await record(store, here, manifestOf(1))
    await record(store, here, manifestOf(1))
    equals((await found(store, 1)).untaggedAt, undefined, 'the time')
  }),

  usageCase('a push without tags leaves the time when the last one left', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.deleteTag(here, latest)
    const { untaggedAt } = await found(store, 1)
    holds(untaggedAt !== undefined, 'it is noted')
    await record(store, here, manifestOf(1))
    equals((await found(store, 1)).untaggedAt, untaggedAt, 'after a push')
    await store.deleteTag(here, latest)
    equals((await found(store, 1)).untaggedAt, untaggedAt, 'after a deletion in vain')
  }),

  usageCase('a manifest that is tagged again has lost no tag', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.deleteTag(here, latest)
    await record(store, here, manifestOf(1), [second])
    equals((await found(store, 1)).untaggedAt, undefined, 'once it has a tag')
    await record(store, here, manifestOf(2), [second])
    await store.deleteManifest(here, sampleDigest(1), { leaseMs: long })
    await record(store, here, manifestOf(1, { blob: blobOf(1, 'again') }))
    equals((await found(store, 1)).untaggedAt, undefined, 'pushed again after its deletion')
  }),

  usageCase('pulls are noted by the hour, and none takes a later one back', async (store) => {
    for (const name of [here, there]) await record(store, name, manifestOf(1), [latest])
    equals((await found(store, 1)).pulledAt, undefined, 'before any pull')
    const digest = sampleDigest(1)
    await store.notePulls?.([{ repository: here, digest, at: hour + 5 }])
    equals((await found(store, 1)).pulledAt, hour, 'the first')
    await store.notePulls?.([
      { repository: here, digest, at: hour + hourMs },
      { repository: here, digest, at: hour - 1 },
      { repository: here, digest: sampleDigest(2), at: hour },
    ])
    equals((await found(store, 1)).pulledAt, hour + hourMs, 'the latest of several')
    await store.notePulls?.([{ repository: here, digest, at: hour }])
    equals((await found(store, 1)).pulledAt, hour + hourMs, 'after an earlier one')
    const elsewhere = await store.findManifest(there, digest)
    equals(elsewhere?.pulledAt, undefined, 'in another repository')
    equals(await store.findManifest(here, sampleDigest(2)), null, 'a manifest that is not there')
    await record(store, here, manifestOf(1), [second])
    equals((await found(store, 1)).pulledAt, hour + hourMs, 'after a push')
    equals((await store.resolveTag(here, second))?.pulledAt, hour + hourMs, 'by its tag')
  }),

  usageCase('a store says since when pulls are noted', async (store) => {
    equals(await store.pullsSince?.(), null, 'at first')
    await store.notePulls?.([])
    const since = (await store.pullsSince?.()) ?? null
    holds(since !== null && Number.isSafeInteger(since), 'it is in whole milliseconds')
    await store.notePulls?.([{ repository: here, digest: sampleDigest(1), at: hour }])
    equals(await store.pullsSince?.(), since, 'later')
  }),

  usageCase('a copy has the times of use that it is given', async (store) => {
    const times = { pushedAt: 3, updatedAt: [], untaggedAt: 4, pulledAt: hour + 7 }
    const change = { record: manifestOf(1), tags: [], requires: [], immutable: [], times }
    await store.putManifest(here, change)
    const { untaggedAt, pulledAt } = await found(store, 1)
    equals([untaggedAt, pulledAt], [4, hour], 'what was given')
    await store.putManifest(here, {
      ...change,
      tags: [latest],
      times: { ...times, updatedAt: [5] },
    })
    equals((await found(store, 1)).untaggedAt, undefined, 'with a tag')
  }),

  placeCase(
    'what was noted of the use outlives the process',
    ['usage', 'reopen'],
    async (place) => {
      const store = await place.open()
      await record(store, here, manifestOf(1), [latest])
      await record(store, here, manifestOf(2), [latest])
      await store.notePulls?.([{ repository: here, digest: sampleDigest(2), at: hour }])
      const before = [await found(store, 1), await found(store, 2), await store.pullsSince?.()]
      await store.close()
      const again = await place.open()
      const after = [await found(again, 1), await found(again, 2), await again.pullsSince?.()]
      equals(after, before, 'the manifests')
    },
  ),
]
