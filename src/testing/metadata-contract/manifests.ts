import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  checkPages,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  putOf,
  record,
  removed,
  there,
} from './store-case.ts'

const [one, two, other] = [tagNamed('one'), tagNamed('two'), tagNamed('other')]

/** Manifests, and what has to be there for them. */
export const manifestCases: readonly MetadataStoreCase[] = [
  metadataCase('a manifest is found as it was recorded', async (store) => {
    const manifest = manifestOf(1, {
      artifactType: 'application/vnd.example',
      subject: 'sha3-999:abc=',
      references: [sampleDigest(8), sampleDigest(9)],
      annotations: [
        ['__proto__', 'x'],
        ['constructor', ''],
        ['é\u0000\n"', '\u{1f433}'],
      ],
    })
    await record(store, here, manifest, [one])
    equals(putOf(await store.findManifest(here, manifest.digest)), manifest, 'by digest')
    equals(putOf(await store.resolveTag(here, one)), manifest, 'by tag')
    equals(await store.findManifest(there, manifest.digest), null, 'in another repository')
    equals(await store.findManifest(here, sampleDigest(2)), null, 'another digest')
    equals(await store.resolveTag(here, two), null, 'another tag')
    equals(await store.resolveTag(there, one), null, 'the tag in another repository')
  }),

  metadataCase('a push says what counts and what was there before', async (store) => {
    const first = await record(store, here, manifestOf(1), [one])
    const { blob } = manifestOf(1)
    equals(first, { kind: 'stored', blob, created: true, previous: [null] }, 'the first')
    const again = await record(store, here, manifestOf(1), [one, two])
    const previous = [sampleDigest(1), null]
    equals(again, { kind: 'stored', blob, created: false, previous }, 'the same again')
    const moved = await record(store, here, manifestOf(2), [two, other, one])
    equals(moved.previous, [sampleDigest(1), null, sampleDigest(1)], 'tags that moved')
    equals((await record(store, there, manifestOf(1))).created, true, 'in another repository')
    equals((await record(store, here, manifestOf(3))).previous, [], 'without tags')
  }),

  metadataCase('recording a manifest again replaces what was known of it', async (store) => {
    await record(store, here, manifestOf(1), [one])
    const before = await store.findManifest(here, sampleDigest(1))
    const again = manifestOf(1, { mediaType: 'application/vnd.example+json' })
    await record(store, here, again, [two])
    const found = await store.findManifest(here, again.digest)
    equals(putOf(found), again, 'by digest')
    holds((found?.pushedAt ?? 0) >= (before?.pushedAt ?? 0), 'it was pushed later')
    equals(putOf(await store.resolveTag(here, one)), again, 'by its first tag')
    equals(putOf(await store.resolveTag(here, two)), again, 'by its second tag')
  }),

  metadataCase('what a manifest requires must be in its repository', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(there, blobOf(2), long)
    await record(store, there, manifestOf(3))
    const requires = [
      { digest: sampleDigest(1), kind: 'blob' },
      { digest: sampleDigest(2), kind: 'blob' },
      { digest: sampleDigest(3), kind: 'manifest' },
      { digest: sampleDigest(4), kind: 'blob' },
    ] as const
    const change = { record: manifestOf(5), tags: [one], requires, immutable: [] }
    const digests = [sampleDigest(2), sampleDigest(3), sampleDigest(4)]
    equals(await store.putManifest(here, change), { kind: 'missing', digests }, 'the outcome')
    equals(await store.findManifest(here, sampleDigest(5)), null, 'the manifest')
    equals(await store.resolveTag(here, one), null, 'the tag')

    await store.linkBlob(here, blobOf(2), long)
    await record(store, here, manifestOf(3))
    await store.linkBlob(here, blobOf(4), long)
    equals((await store.putManifest(here, change)).kind, 'stored', 'once all is there')
    equals(putOf(await store.resolveTag(here, one)), manifestOf(5), 'the tag, once all is there')
  }),

  metadataCase('a manifest that misses something leaves tags where they are', async (store) => {
    await record(store, here, manifestOf(1), [one])
    const requires = [{ digest: sampleDigest(9), kind: 'manifest' }] as const
    await store.putManifest(here, {
      record: manifestOf(2),
      tags: [one, two],
      requires,
      immutable: [],
    })
    equals(putOf(await store.resolveTag(here, one)), manifestOf(1), 'a tag that was there')
    equals(await store.resolveTag(here, two), null, 'a tag that was not')
  }),

  metadataCase('a required manifest may be a linked blob, not the reverse', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await record(store, here, manifestOf(2))
    const asManifest = [{ digest: sampleDigest(1), kind: 'manifest' }] as const
    const first = { record: manifestOf(3), tags: [], requires: asManifest, immutable: [] }
    equals((await store.putManifest(here, first)).kind, 'stored', 'a blob for a manifest')
    const asBlob = [{ digest: sampleDigest(2), kind: 'blob' }] as const
    const second = { record: manifestOf(4), tags: [], requires: asBlob, immutable: [] }
    equals((await store.putManifest(here, second)).kind, 'missing', 'a manifest for a blob')
  }),

  metadataCase('what was taken away no longer fulfils what is required', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await record(store, here, manifestOf(2))
    await store.unlinkBlob(here, sampleDigest(1))
    await store.deleteManifest(here, sampleDigest(2), { leaseMs: long })
    const requires = [
      { digest: sampleDigest(1), kind: 'blob' },
      { digest: sampleDigest(2), kind: 'manifest' },
    ] as const
    const digests = [sampleDigest(1), sampleDigest(2)]
    const outcome = await store.putManifest(here, {
      record: manifestOf(3),
      tags: [],
      requires,
      immutable: [],
    })
    equals(outcome, { kind: 'missing', digests }, 'the outcome')
  }),

  metadataCase('deleting a manifest removes its tags and no others', async (store) => {
    await record(store, here, manifestOf(1), [two, one])
    await record(store, here, manifestOf(2), [other])
    await record(store, there, manifestOf(1), [one])
    const gone = await removed(store, here, sampleDigest(1), long)
    equals(putOf(gone?.record ?? null), manifestOf(1), 'the record that went')
    equals([gone?.tags, gone?.tagCount], [[one, two], 2], 'the tags that went')
    equals(
      await store.deleteManifest(here, sampleDigest(1), { leaseMs: long }),
      null,
      'deleting again',
    )
    equals(await store.findManifest(here, sampleDigest(1)), null, 'the manifest')
    equals(await store.resolveTag(here, one), null, 'its first tag')
    equals((await store.listTags(here, { limit: 10 }))?.items, [other], 'the tags left')
    equals(putOf(await store.resolveTag(there, one)), manifestOf(1), 'the other repository')
    const again = manifestOf(1, { blob: blobOf(1, 'again') })
    const { created, previous } = await record(store, here, again, [two])
    equals([created, previous], [true, [null]], 'recorded again')
    equals((await store.listTags(here, { limit: 10 }))?.items, [other, two], 'the tags then')
    equals(await store.resolveTag(here, one), null, 'a tag it had before')
  }),

  metadataCase('a tag that moved away stays when its first manifest goes', async (store) => {
    await record(store, here, manifestOf(1), [one])
    await record(store, here, manifestOf(2), [one])
    equals((await removed(store, here, sampleDigest(1), long))?.tagCount, 0, 'its tags')
    equals(putOf(await store.resolveTag(here, one)), manifestOf(2), 'the tag')
  }),

  metadataCase('manifests are listed by digest with their tags, page by page', async (store) => {
    const digests = [1, 2, 3, 4].map((number) => sampleDigest(number)).sort()
    for (const number of [1, 2, 3, 4]) await record(store, here, manifestOf(number))
    await record(store, here, manifestOf(1), [two, one])
    await record(store, here, manifestOf(2), [other])
    await record(store, there, manifestOf(5))
    await store.linkBlob(here, blobOf(6), long)
    await checkPages(
      (page) => store.listManifests(here, page),
      digests,
      (entry) => entry.record.digest,
    )
    const entries = (await store.listManifests(here, { limit: 10 }))?.items ?? []
    const first = entries.find((entry) => entry.record.digest === sampleDigest(1))
    equals(putOf(first?.record ?? null), manifestOf(1), 'a record')
    equals([first?.tags, first?.tagCount], [[one, two], 2], 'its tags')
    await store.deleteManifest(here, sampleDigest(1), { leaseMs: long })
    const left = (await store.listManifests(here, { limit: 10 }))?.items
    equals(left?.length, 3, 'those left')
  }),
]
