import type { RepositoryName, Tag } from '../../index.ts'
import type { ManifestOutcome, MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  putOf,
  record,
  there,
} from './store-case.ts'

const [v1, v2, dev] = [tagNamed('v1'), tagNamed('v2'), tagNamed('dev')]

const isVersion = (tag: Tag): boolean => tag.startsWith('v')

/** Puts a manifest whose tags stay where they are as soon as they stand for something. */
function putOnce(
  store: MetadataStore,
  number: number,
  tags: readonly Tag[],
  repository: RepositoryName = here,
): Promise<ManifestOutcome> {
  const immutable = tags.filter(isVersion)
  return store.putManifest(repository, {
    record: manifestOf(number),
    tags,
    requires: [],
    immutable,
  })
}

/** Tags that do not move, and what they keep. */
export const immutabilityCases: readonly MetadataStoreCase[] = [
  metadataCase('an immutable tag may be made, and set to the same again', async (store) => {
    equals((await putOnce(store, 1, [v1])).kind, 'stored', 'made')
    equals((await putOnce(store, 1, [v1, v2])).kind, 'stored', 'the same again')
    equals((await putOnce(store, 2, [v1], there)).kind, 'stored', 'in another repository')
    equals(putOf(await store.resolveTag(here, v2)), manifestOf(1), 'a second tag')
  }),

  metadataCase('where an immutable tag would move, nothing changes', async (store) => {
    await record(store, here, manifestOf(1), [v1])
    await record(store, here, manifestOf(3), [dev])
    const tags = [{ tag: v1, digest: sampleDigest(1) }]
    equals(await putOnce(store, 2, [dev, v1, v2]), { kind: 'immutable', tags }, 'the outcome')
    equals(await store.findManifest(here, sampleDigest(2)), null, 'the manifest')
    equals(putOf(await store.resolveTag(here, v1)), manifestOf(1), 'the tag')
    equals(putOf(await store.resolveTag(here, dev)), manifestOf(3), 'a tag that may move')
    equals(await store.resolveTag(here, v2), null, 'a tag that is free')
    equals((await putOnce(store, 2, [dev])).kind, 'stored', 'without the immutable tag')
  }),

  metadataCase('every immutable tag that would move is told of', async (store) => {
    await record(store, here, manifestOf(1), [v1])
    await record(store, here, manifestOf(3), [v2])
    const tags = [
      { tag: v2, digest: sampleDigest(3) },
      { tag: v1, digest: sampleDigest(1) },
    ]
    equals(await putOnce(store, 2, [v2, dev, v1]), { kind: 'immutable', tags }, 'the outcome')
  }),

  metadataCase(
    'an immutable tag stays when the bytes of its manifest are missing',
    async (store) => {
      await record(store, here, manifestOf(1), [v1])
      await store.markMissing(blobOf(1))
      equals((await putOnce(store, 2, [v1])).kind, 'immutable', 'another manifest')
      const healing = manifestOf(1, { blob: blobOf(1, 'again') })
      const change = { record: healing, tags: [v1], requires: [], immutable: [v1] }
      equals((await store.putManifest(here, change)).kind, 'stored', 'the same manifest')
      equals(putOf(await store.resolveTag(here, v1)), healing, 'the tag')
    },
  ),

  metadataCase('the media type stays where that is asked for', async (store) => {
    const typed = (mediaType: string, keepsType: boolean): Promise<ManifestOutcome> => {
      const given = manifestOf(1, { mediaType })
      return store.putManifest(here, {
        record: given,
        tags: [v1],
        requires: [],
        immutable: [v1],
        keepsType,
      })
    }
    const types = ['application/vnd.a.v1+json', 'application/vnd.b.v1+json']
    const outcomes = await Promise.all(types.map((type) => typed(type, true)))
    equals(outcomes.filter(({ kind }) => kind === 'stored').length, 1, 'those that succeeded')
    const [first = '', other = ''] = outcomes[0]?.kind === 'stored' ? types : types.toReversed()
    equals(await typed(other, true), { kind: 'other-type', mediaType: first }, 'the outcome')
    equals((await store.resolveTag(here, v1))?.mediaType, first, 'the type')
    equals((await typed(first, true)).kind, 'stored', 'the same type')
    equals((await typed(other, false)).kind, 'stored', 'where it is not asked for')
  }),

  metadataCase('of many that set an immutable tag at once, one succeeds', async (store) => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, number) => putOnce(store, number, [v1])),
    )
    const stored = outcomes.filter(({ kind }) => kind === 'stored')
    equals(stored.length, 1, 'those that succeeded')
    const winner = outcomes.findIndex(({ kind }) => kind === 'stored')
    equals(putOf(await store.resolveTag(here, v1)), manifestOf(winner), 'the tag')
  }),

  metadataCase('a manifest with an immutable tag is not deleted', async (store) => {
    await record(store, here, manifestOf(1), [dev, v1])
    await record(store, here, manifestOf(2), [v2])
    const kept = await store.deleteManifest(here, sampleDigest(1), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(kept, { kind: 'kept', tag: v1 }, 'the outcome')
    equals(putOf(await store.resolveTag(here, v1)), manifestOf(1), 'the tag')
    equals(putOf(await store.resolveTag(here, dev)), manifestOf(1), 'its other tag')
    await store.deleteTag(here, v1)
    const gone = await store.deleteManifest(here, sampleDigest(1), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(gone?.kind, 'removed', 'once the tag is gone')
    equals(await store.resolveTag(here, dev), null, 'its other tag, then')
    const again = await store.deleteManifest(here, sampleDigest(1), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(again, null, 'a manifest that is not there')
    equals(
      (await store.deleteManifest(here, sampleDigest(2), { leaseMs: long }))?.kind,
      'removed',
      'unasked',
    )
  }),

  metadataCase('what manifests name is kept where it is asked for', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(here, blobOf(2), long)
    await store.linkBlob(there, blobOf(1), long)
    await record(store, here, manifestOf(3))
    const index = manifestOf(4, { references: [sampleDigest(1), sampleDigest(3)] })
    await record(store, here, index, [v1])
    equals(await store.unlinkBlob(here, sampleDigest(1), { keepNamed: true }), 'named', 'a layer')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'the layer')
    equals(
      await store.unlinkBlob(here, sampleDigest(2), { keepNamed: true }),
      'removed',
      'a layer without a name',
    )
    equals(
      await store.unlinkBlob(here, sampleDigest(2), { keepNamed: true }),
      'absent',
      'one that is not there',
    )
    equals(
      await store.unlinkBlob(there, sampleDigest(1), { keepNamed: true }),
      'removed',
      'in another repository',
    )
    await store.linkBlob(here, blobOf(5), long)
    await record(store, here, manifestOf(6, { references: [sampleDigest(5)] }))
    equals(await store.unlinkBlob(here, sampleDigest(5)), 'removed', 'where it is not asked for')
    const child = await store.deleteManifest(here, sampleDigest(3), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(child, { kind: 'kept', tag: null }, 'a manifest of an index')
    equals(putOf(await store.findManifest(here, sampleDigest(3))), manifestOf(3), 'the manifest')
    await store.deleteManifest(here, index.digest, { leaseMs: long })
    equals(
      await store.unlinkBlob(here, sampleDigest(1), { keepNamed: true }),
      'removed',
      'the layer, then',
    )
    const then = await store.deleteManifest(here, sampleDigest(3), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(then?.kind, 'removed', 'the manifest, then')
  }),

  metadataCase('one immutable tag among thousands keeps their manifest', async (store) => {
    const names = Array.from({ length: 2500 }, (_, index) => tagNamed(`t${index}`))
    for (let at = 0; at < names.length; at += 500) {
      await record(store, here, manifestOf(1), names.slice(at, at + 500))
    }
    await record(store, here, manifestOf(1), [v1])
    const kept = await store.deleteManifest(here, sampleDigest(1), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    equals(kept, { kind: 'kept', tag: v1 }, 'the outcome')
    equals((await store.countRepository(here))?.tags, 2501, 'its tags')
    await store.deleteTag(here, v1)
    const gone = await store.deleteManifest(here, sampleDigest(1), {
      leaseMs: long,
      isImmutable: isVersion,
    })
    holds(gone?.kind === 'removed', 'it goes once the tag is gone')
    equals(gone.tagCount, 2500, 'the tags that went')
  }),

  metadataCase('a manifest that is tagged while it is deleted keeps its tag', async (store) => {
    const names = Array.from({ length: 1500 }, (_, index) => tagNamed(`t${index}`))
    for (let round = 0; round < 5; round += 1) {
      const manifest = manifestOf(round)
      for (let at = 0; at < names.length; at += 500) {
        await record(store, here, manifest, names.slice(at, at + 500))
      }
      const version = tagNamed(`v${round}`)
      const [outcome] = await Promise.all([
        store.deleteManifest(here, manifest.digest, { leaseMs: long, isImmutable: isVersion }),
        record(store, here, manifest, [version]),
      ])
      // Whichever came first, the tag was set after a deletion or before none.
      equals(putOf(await store.resolveTag(here, version)), manifest, `tag ${round}`)
      const others = (await store.resolveTag(here, names[0] ?? dev)) !== null
      equals(others, outcome?.kind === 'kept', `whether its other tags stand in round ${round}`)
    }
  }),
]
