import type { BytesReasons, DueGarbage, MetadataStore } from '../../kit.ts'
import { ContractBroken, equals, type Need } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  collect,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  placeCase,
  record,
  removed,
  there,
} from './store-case.ts'

const needs: readonly Need[] = ['reasons']

function reasonCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, needs, async (place) => body(await place.open()))
}

async function due(store: MetadataStore, limit = 100): Promise<DueGarbage> {
  const found = await store.dueGarbage?.(limit)
  if (found === undefined) throw new ContractBroken('a store with reasons has dueGarbage')
  return found
}

async function reasons(
  store: MetadataStore,
  number: number,
  limit = 100,
): Promise<BytesReasons | null> {
  const found = await store.explainBytes?.(sampleDigest(number), limit)
  if (found === undefined) throw new ContractBroken('a store with reasons has explainBytes')
  return found
}

async function expectDue(store: MetadataStore, numbers: readonly number[]): Promise<void> {
  const { blobs, bytes, first } = await due(store)
  const digests = numbers.map((number) => sampleDigest(number)).sort()
  const size = numbers.reduce((sum, number) => sum + 100 + number, 0)
  equals([blobs, bytes], [numbers.length, size], 'what is due')
  equals(first.map(({ digest }) => digest).sort(), digests, 'which blobs are due')
  equals(await collect(store), digests, 'what is then condemned')
  equals((await due(store)).blobs, 0, 'what is due after that')
}

/** What an operator is told: what a collection would free, and why the rest stays. */
export const reasonCases: readonly MetadataStoreCase[] = [
  reasonCase('nothing is due in an empty store', async (store) => {
    equals(await due(store), { blobs: 0, bytes: 0, first: [] }, 'what is due')
    equals(await reasons(store, 1), null, 'an unknown digest')
  }),

  reasonCase('what is due is what a collection condemns', async (store) => {
    for (const number of [1, 2, 3, 4, 5]) await store.linkBlob(here, blobOf(number), over)
    await store.mountBlob(here, there, sampleDigest(2), long)
    await store.mountBlob(here, there, sampleDigest(3), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(4)] }))
    await record(store, there, manifestOf(5))
    const { blobs, first } = await due(store, 1)
    equals([blobs, first.length], [2, 1], 'what is due, with one named')
    await expectDue(store, [1, 3])
  }),

  reasonCase('what a deletion leaves is due once its lease is over', async (store) => {
    for (const number of [1, 2]) await store.linkBlob(here, blobOf(number), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await record(store, here, manifestOf(11, { references: [sampleDigest(2)] }))
    await removed(store, here, sampleDigest(10), over)
    await removed(store, here, sampleDigest(11), long)
    await expectDue(store, [1, 10, 11])
    await store.deleteRepository(here)
    await expectDue(store, [2])
  }),

  reasonCase('what was condemned stays due until it is forgotten', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    equals(await store.condemn(10), [blobOf(1)], 'what is condemned')
    equals((await due(store)).first, [blobOf(1)], 'what is due')
    equals(
      await reasons(store, 1),
      { blob: null, isMissing: false, holders: [], more: false, condemned: [blobOf(1)] },
      'why it goes',
    )
    await expectDue(store, [1])
    equals(await reasons(store, 1), null, 'a digest that is gone')
  }),

  reasonCase('a blob is kept by the manifests that name it, or by its lease', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await store.mountBlob(here, there, sampleDigest(1), long)
    const { holders = [], ...others } = (await reasons(store, 1)) ?? {}
    equals(
      others,
      { blob: blobOf(1), isMissing: false, more: false, condemned: [] },
      'where the bytes are',
    )
    const named = holders.find(({ repository }) => repository === here)
    const namedBy = [sampleDigest(10)]
    equals(named, { kind: 'blob', repository: here, namedBy, leaseLeftMs: null }, 'a named blob')
    const leased = holders.find(({ repository }) => repository === there)
    equals([leased?.kind, holders.length], ['blob', 2], 'a blob with a lease')
    const left = leased?.kind === 'blob' ? leased.leaseLeftMs : null
    // A store may grant more than was asked for.
    if (left === null || left < long / 2) throw new ContractBroken(`a lease of ${left} ms`)
    equals((await reasons(store, 1, 1))?.more, true, 'whether there are more holders than one')
  }),

  reasonCase('a blob whose lease is over is said to go', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    equals(
      (await reasons(store, 1))?.holders,
      [{ kind: 'blob', repository: here, namedBy: [], leaseLeftMs: 0 }],
      'why it goes',
    )
  }),

  reasonCase('a manifest is kept by the repositories that have it', async (store) => {
    const [one, two] = [tagNamed('one'), tagNamed('two')]
    await record(store, here, manifestOf(10), [two, one])
    await record(store, there, manifestOf(10))
    const { holders = [] } = (await reasons(store, 10)) ?? {}
    const of = (name: string) => holders.find(({ repository }) => repository === name)
    equals(
      of(here),
      { kind: 'manifest', repository: here, tags: [one, two], tagCount: 2 },
      'with tags',
    )
    equals(
      of(there),
      { kind: 'manifest', repository: there, tags: [], tagCount: 0 },
      'without tags',
    )
    equals(holders.length, 2, 'how many have it')
    await store.markMissing(blobOf(10))
    equals((await reasons(store, 10))?.isMissing, true, 'whether its bytes are missing')
  }),

  reasonCase('what can be brought back is kept, and due once its time is over', async (store) => {
    if (store.keepsTrash !== true) return
    for (const number of [1, 2, 3]) await store.linkBlob(here, blobOf(number), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    const trash = { leaseMs: over, trashMs: long }
    await store.deleteManifest(here, sampleDigest(10), trash)
    await store.unlinkBlob(here, sampleDigest(2), { trashMs: long })
    await expectDue(store, [3])
    for (const number of [1, 2, 10]) {
      const { holders = [] } = (await reasons(store, number)) ?? {}
      const [holder] = holders.filter(({ kind }) => kind === 'trash')
      const left = holder?.kind === 'trash' ? holder.leftMs : 0
      if (left === 0) throw new ContractBroken(`${number} is in the trash, with time left`)
    }
    await store.dropTrash?.('all', 100)
    await expectDue(store, [1, 2, 10])
  }),

  reasonCase('a repository that can be brought back keeps all it has', async (store) => {
    if (store.keepsTrash !== true) return
    await store.linkBlob(here, blobOf(1), over)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }))
    await store.deleteRepository(here, { trashMs: long })
    await expectDue(store, [])
    for (const number of [1, 10]) {
      const kinds = (await reasons(store, number))?.holders.map(({ kind }) => kind)
      equals(kinds, ['trash'], `what keeps ${number}`)
    }
    await store.dropTrash?.('all', 100)
    await expectDue(store, [1, 10])
  }),
]
