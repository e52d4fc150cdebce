import type { RepositoryName } from '../../index.ts'
import type { ManifestOutcome, MetadataStore } from '../../kit.ts'
import { equals, type Need } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  collect,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  type PutRecord,
  placeCase,
  record,
  there,
} from './store-case.ts'

const needs: readonly Need[] = ['bytes']
const latest = tagNamed('latest')

/** What the cases hold a repository to: every blob of theirs has 100 bytes, and its number. */
async function has(
  store: MetadataStore,
  repository: RepositoryName,
  bytes: number | null,
  when: string,
): Promise<void> {
  const counts = await store.countRepository(repository)
  equals(counts === null ? null : counts.bytes, bytes, `the bytes of ${repository} ${when}`)
}

function quotaCase(name: string, body: (store: MetadataStore) => Promise<void>): MetadataStoreCase {
  return placeCase(name, needs, async (place) => body(await place.open()))
}

function push(
  store: MetadataStore,
  manifest: PutRecord,
  mostBytes: number,
): Promise<ManifestOutcome> {
  return store.putManifest(here, {
    record: manifest,
    tags: [latest],
    immutable: [],
    requires: [],
    mostBytes,
  })
}

/** What a repository has in bytes, and how a push is held to a quota. */
export const quotaCases: readonly MetadataStoreCase[] = [
  quotaCase(
    'a repository has the bytes that its manifests reach, each digest once',
    async (store) => {
      equals(store.countsBytes, true, 'whether it says that it counts them')
      await has(store, here, null, 'before there is one')
      await store.linkBlob(here, blobOf(1), long)
      await store.linkBlob(here, blobOf(2), long)
      await has(store, here, 0, 'with blobs that no manifest names')
      await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }), [latest])
      await has(store, here, 110 + 101, 'with a manifest')
      const both = [sampleDigest(1), sampleDigest(2)]
      await record(store, here, manifestOf(11, { references: both }))
      await has(store, here, 110 + 111 + 101 + 102, 'with another that shares a blob')
      await record(store, here, manifestOf(11, { references: both }))
      await record(
        store,
        here,
        manifestOf(12, { references: [sampleDigest(10), sampleDigest(11)] }),
      )
      await has(store, here, 110 + 111 + 112 + 101 + 102, 'with an index of both')
      await has(store, there, null, 'since another has them')
      await store.mountBlob(here, there, sampleDigest(1), long)
      await record(store, there, manifestOf(13, { references: [sampleDigest(1)] }))
      await has(store, there, 113 + 101, 'with a mounted blob')
    },
  ),

  quotaCase('bytes go with the last manifest that reaches them', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await store.linkBlob(here, blobOf(2), over)
    const both = [sampleDigest(1), sampleDigest(2)]
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }), [latest])
    await record(store, here, manifestOf(11, { references: both }))
    await store.deleteTag(here, latest)
    await has(store, here, 110 + 111 + 101 + 102, 'without a tag')
    await store.deleteManifest(here, sampleDigest(11), { leaseMs: over })
    await has(store, here, 110 + 101, 'after a deletion')
    await collect(store)
    await has(store, here, 110 + 101, 'after a collection')
    await store.unlinkBlob(here, sampleDigest(1))
    await has(store, here, 110, 'without the blob')
    await store.linkBlob(here, blobOf(1, 'again'), over)
    await has(store, here, 110 + 101, 'with the blob again')
    await store.deleteManifest(here, sampleDigest(10), { leaseMs: over })
    await has(store, here, 0, 'without manifests')
    const held = await store.deleteRepository(here)
    equals([held?.manifests, held?.tags, held?.blobs, held?.bytes], [0, 0, 1, 0], 'what it held')
    await has(store, here, null, 'once it is deleted')
    await store.linkBlob(here, blobOf(1, 'third'), over)
    await has(store, here, 0, 'when it comes again')
  }),

  quotaCase('content counts once it is there, with its real size', async (store) => {
    const named = [sampleDigest(1), sampleDigest(11)]
    await record(store, here, manifestOf(10, { references: named }))
    await has(store, here, 110, 'before its content is there')
    await store.linkBlob(here, blobOf(1), long)
    await record(store, here, manifestOf(11))
    await has(store, here, 110 + 101 + 111, 'with its content')
    // The bytes of a manifest may be a blob of the repository as well.
    await store.linkBlob(here, blobOf(10), long)
    await store.linkBlob(here, blobOf(11), long)
    await has(store, here, 110 + 101 + 111, 'with manifests that are blobs too')
    await record(store, here, manifestOf(12))
    await store.linkBlob(here, blobOf(12), long)
    await store.deleteManifest(here, sampleDigest(12), { leaseMs: long })
    await has(store, here, 110 + 101 + 111, 'with a blob that is no manifest any more')
    await store.markMissing(blobOf(1))
    await has(store, here, 110 + 101 + 111, 'with bytes that are missing')
    await store.linkBlob(here, blobOf(1, 'healed'), long)
    await store.relocate(blobOf(1, 'healed'), blobOf(1, 'moved'))
    await has(store, here, 110 + 101 + 111, 'healed and moved')
  }),

  quotaCase('a manifest beyond the quota changes nothing', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(here, blobOf(2), long)
    const first = manifestOf(10, { references: [sampleDigest(1)] })
    equals(
      await push(store, first, 210),
      { kind: 'over-quota', used: 0, needed: 211 },
      'one byte beyond',
    )
    equals(await store.resolveTag(here, latest), null, 'the tag')
    await has(store, here, 0, 'after a refusal')
    equals((await push(store, first, 211)).kind, 'stored', 'what came of exactly the quota')
    const second = manifestOf(11, { references: [sampleDigest(1), sampleDigest(2)] })
    equals(
      await push(store, second, 211 + 212),
      { kind: 'over-quota', used: 211, needed: 213 },
      'what came of the second',
    )
    equals((await push(store, second, 211 + 213)).kind, 'stored', 'where there is room')
    equals((await push(store, first, 10)).kind, 'stored', 'what adds nothing, beyond the quota')
    await store.linkBlob(here, blobOf(10), long)
    const index = manifestOf(13, { references: [sampleDigest(10), sampleDigest(10)] })
    equals(
      await push(store, index, 211 + 213 + 112),
      { kind: 'over-quota', used: 211 + 213, needed: 113 },
      'what came of an index of a manifest that is a blob too',
    )
    const requires = [{ digest: sampleDigest(3), kind: 'blob' }] as const
    const change = { record: manifestOf(12), tags: [], immutable: [], requires, mostBytes: 0 }
    equals((await store.putManifest(here, change)).kind, 'missing', 'where content is missing too')
    equals(await store.hasRepository(there), false, 'whether there is another repository')
    const empty = { record: manifestOf(12), tags: [], immutable: [], requires: [], mostBytes: 0 }
    equals((await store.putManifest(there, empty)).kind, 'over-quota', 'of a new repository')
    equals(await store.hasRepository(there), false, 'whether it begins')
  }),

  quotaCase('of pushes at once that do not all fit, those get through that do', async (store) => {
    for (const number of [1, 2, 3, 4, 5]) await store.linkBlob(here, blobOf(number), long)
    const outcomes = await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        push(store, manifestOf(20 + number, { references: [sampleDigest(number)] }), 500),
      ),
    )
    const kinds = outcomes.map(({ kind }) => kind)
    equals(kinds.filter((kind) => kind === 'stored').length, 2, 'how many are stored')
    equals(kinds.filter((kind) => kind === 'over-quota').length, 3, 'how many are refused')
  }),

  placeCase('bytes are the same after a restart', [...needs, 'reopen'], async (place) => {
    const before = await place.open()
    await before.linkBlob(here, blobOf(1), long)
    await before.linkBlob(here, blobOf(2), long)
    const both = [sampleDigest(1), sampleDigest(2), sampleDigest(3)]
    await record(before, here, manifestOf(10, { references: both }), [latest])
    await record(before, here, manifestOf(11, { references: both }))
    await before.deleteManifest(here, sampleDigest(11), { leaseMs: long })
    const third = repositoryNamed('third')
    await record(before, third, manifestOf(10), [latest])
    await before.deleteRepository(third)
    await record(before, third, manifestOf(12), [latest])
    await before.close()
    const after = await place.open()
    await has(after, here, 110 + 101 + 102, 'then')
    await has(after, third, 112, 'then')
    await after.deleteManifest(here, sampleDigest(10), { leaseMs: long })
    await has(after, here, 0, 'in the end')
  }),
]
