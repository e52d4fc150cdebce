import type { MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  placeCase,
  record,
  there,
} from './store-case.ts'

const [latest, second] = [tagNamed('latest'), tagNamed('second')]
const digest = sampleDigest(1)

function conditionCase(
  name: string,
  body: (store: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, ['conditions'], async (place) => body(await place.open()))
}

/** When the manifest was pushed, or lost its last tag. */
async function sinceOf(store: MetadataStore): Promise<number> {
  const found = await store.findManifest(here, digest)
  holds(found !== null, 'the manifest is there')
  return Math.max(found.pushedAt, found.untaggedAt ?? 0)
}

/** Deletions that are made only where what was seen before still holds. */
export const conditionCases: readonly MetadataStoreCase[] = [
  conditionCase('a store that looks at conditions says so', async (store) => {
    equals(store.checksDeletions, true, 'checksDeletions')
  }),

  conditionCase('a tag that stands for another manifest is not deleted', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    const other = await store.deleteTag(here, latest, { expect: sampleDigest(2) })
    equals(other, null, 'while it stands for another')
    equals((await store.resolveTag(here, latest))?.digest, digest, 'the tag')
    equals(
      await store.deleteTag(here, latest, { expect: digest }),
      digest,
      'while it stands for it',
    )
    equals(await store.resolveTag(here, latest), null, 'the tag, then')
  }),

  conditionCase('a tag that was set since is not deleted', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    const [tag] = (await store.listTagRecords(here, { limit: 1 }))?.items ?? []
    const { updatedAt = 0 } = tag ?? {}
    equals(await store.deleteTag(here, latest, { notSince: updatedAt }), null, 'set at the moment')
    const notSince = updatedAt + 1
    equals(await store.deleteTag(here, latest, { notSince }), digest, 'set before it')
  }),

  conditionCase('a manifest that was pushed since is not deleted', async (store) => {
    await record(store, here, manifestOf(1))
    const since = await sinceOf(store)
    const kept = await store.deleteManifest(here, digest, { leaseMs: long, notSince: since })
    equals(kept, { kind: 'kept', tag: null, since }, 'pushed at the moment')
    holds((await store.findManifest(here, digest)) !== null, 'it is there')
    const gone = await store.deleteManifest(here, digest, { leaseMs: long, notSince: since + 1 })
    equals(gone?.kind, 'removed', 'pushed before it')
  }),

  placeCase(
    'a manifest that lost its last tag since is not deleted',
    ['conditions', 'usage'],
    async (place) => {
      const store = await place.open()
      const times = { pushedAt: 1000, updatedAt: [1000] }
      const change = { record: manifestOf(1), tags: [latest], requires: [], immutable: [], times }
      await store.putManifest(here, change)
      await store.deleteTag(here, latest)
      const since = await sinceOf(store)
      holds(since > 1000, 'it lost its tag after its push')
      const kept = await store.deleteManifest(here, digest, { leaseMs: long, notSince: 2000 })
      equals(kept, { kind: 'kept', tag: null, since }, 'its push alone is old')
      const gone = await store.deleteManifest(here, digest, { leaseMs: long, notSince: since + 1 })
      equals(gone?.kind, 'removed', 'once both are')
    },
  ),

  conditionCase('a manifest stays while the repository has what it depends on', async (store) => {
    const [subject, other] = [sampleDigest(2), sampleDigest(3)]
    const deletion = { leaseMs: long, unlessHas: [other, subject] }
    await record(store, here, manifestOf(1))
    await record(store, here, manifestOf(2))
    await record(store, there, manifestOf(3))
    const kept = await store.deleteManifest(here, digest, deletion)
    equals(kept, { kind: 'kept', tag: null, has: subject }, 'while one of them is there')
    holds((await store.findManifest(here, digest)) !== null, 'it is there')
    await store.deleteManifest(here, subject, { leaseMs: long })
    const gone = await store.deleteManifest(here, digest, deletion)
    equals(gone?.kind, 'removed', 'once they are in another repository alone, or gone')
  }),

  conditionCase('a tag stays while the repository has what it depends on', async (store) => {
    const subject = sampleDigest(2)
    await record(store, here, manifestOf(1), [latest])
    await record(store, here, manifestOf(2))
    const deletion = { unlessHas: [subject] }
    equals(await store.deleteTag(here, latest, deletion), null, 'while it is there')
    equals((await store.resolveTag(here, latest))?.digest, digest, 'the tag')
    await store.deleteManifest(here, subject, { leaseMs: long })
    equals(await store.deleteTag(here, latest, deletion), digest, 'once it is gone')
  }),

  conditionCase('a manifest stays while it has a tag, or is named', async (store) => {
    await record(store, here, manifestOf(1), [latest, second])
    await record(store, here, manifestOf(2, { references: [digest] }))
    const options = { leaseMs: long, isImmutable: () => true }
    const tagged = await store.deleteManifest(here, digest, options)
    holds(tagged?.kind === 'kept' && tagged.tag !== null, 'it stays for a tag')
    await store.deleteTag(here, latest)
    await store.deleteTag(here, second)
    const named = await store.deleteManifest(here, digest, options)
    equals(named, { kind: 'kept', tag: null }, 'it stays for the index')
    equals(
      (await store.deleteManifest(here, sampleDigest(2), options))?.kind,
      'removed',
      'the index',
    )
    equals((await store.deleteManifest(here, digest, options))?.kind, 'removed', 'then')
  }),
]
