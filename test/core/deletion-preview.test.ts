import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import {
  type DeletionPreview,
  type Digest,
  type ManifestEntry,
  type Reference,
  RegistryError,
  type RepositoryName,
} from '../../src/index.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { tagName } from '../../src/oci/tag.ts'
import { but } from '../contracts/breaking.ts'
import { hash } from '../copy/places.ts'
import { runs } from '../sample.ts'
import { type InHand, inHand, manifestOf, sha256, utf8 } from './registry-in-hand.ts'

const call = callContext()
const dayMs = 86_400_000

async function entriesOf({ stores }: InHand, name: RepositoryName): Promise<ManifestEntry[]> {
  return [...((await stores.metadata.listManifests(name, { limit: 1000 }))?.items ?? [])]
}

/** Ends leases and collects garbage; what was freed, in bytes. */
async function collected({ registry, clock }: InHand): Promise<number> {
  clock.advance(10 * dayMs)
  return (await registry.collectGarbage()).bytes
}

async function deleteAll(
  { registry: { service } }: InHand,
  name: RepositoryName,
  targets: readonly Reference[] | 'repository',
): Promise<void> {
  if (targets === 'repository') {
    await service.deleteRepository(call, name)
    return
  }
  for (const target of targets) {
    await service.deleteManifest(call, name, target).catch((error: unknown) => {
      // A tag that went with its manifest.
      if (!(error instanceof RegistryError && error.kind === 'manifestUnknown')) throw error
    })
  }
}

/** What a preview says, but for what is freed, found out by looking at everything before and after. */
function expected(
  before: readonly ManifestEntry[],
  after: readonly ManifestEntry[],
): Partial<Record<keyof DeletionPreview, unknown>> {
  const left = new Set(after.map(({ record }) => record.digest))
  const gone = before.filter(({ record }) => !left.has(record.digest))
  const goneDigests = new Set<string>(gone.map(({ record }) => record.digest))
  const digestsOf = (entries: readonly ManifestEntry[]): Digest[] =>
    entries.map(({ record }) => record.digest).sort()
  const names = (entry: ManifestEntry, digest: Digest): boolean =>
    entry.record.references.includes(digest)
  const tagsOf = (entries: readonly ManifestEntry[]): number =>
    entries.reduce((sum, { tagCount }) => sum + tagCount, 0)
  const tagged = new Map(before.map(({ record, tagCount }) => [record.digest, tagCount]))
  return {
    manifests: digestsOf(gone),
    tagCount: tagsOf(before) - tagsOf(after),
    untagged: digestsOf(
      after.filter(({ record, tagCount }) => tagCount === 0 && tagged.get(record.digest)),
    ),
    referrers: digestsOf(after.filter(({ record }) => goneDigests.has(record.subject ?? ''))),
    parents: digestsOf(
      after.filter((entry) => gone.some(({ record }) => names(entry, record.digest))),
    ),
    children: digestsOf(
      after.filter(
        ({ record: { digest }, tagCount }) =>
          tagCount === 0 &&
          gone.some((entry) => names(entry, digest)) &&
          !after.some((entry) => names(entry, digest)),
      ),
    ),
  }
}

function told(preview: DeletionPreview): Partial<Record<keyof DeletionPreview, unknown>> {
  const digests = (all: ReadonlyArray<{ readonly digest: Digest }>): Digest[] =>
    all.map(({ digest }) => digest).sort()
  const { manifests, tagCount, untagged, referrers, parents, children } = preview
  return {
    manifests: digests(manifests),
    tagCount,
    untagged: digests(untagged),
    referrers: digests(referrers),
    parents: digests(parents),
    children: digests(children),
  }
}

const repositories = ['a', 'b'].map(repositoryName)
const tags = ['one', 'two', 'three'].map(tagName)
const blobs = [1, 20, 300, 4000].map((length) => 'x'.repeat(length))

function imageOf(numbers: readonly number[], subject?: string): string {
  const named = numbers.map((number) => sha256(blobs[number] ?? ''))
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const about = subject && { mediaType, digest: sha256(subject), size: subject.length }
  return manifestOf(named, { mediaType, ...(about && { subject: about }) })
}

function indexOf(texts: readonly string[]): string {
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const manifests = texts.map((text) => ({ mediaType, digest: sha256(text), size: text.length }))
  return JSON.stringify({ schemaVersion: 2, mediaType, manifests })
}

const images = [imageOf([0, 1]), imageOf([1, 2]), imageOf([2, 3])] as const
const indexes = [indexOf(images.slice(0, 2)), indexOf(images.slice(1))] as const
/** Few manifests, so that they name each other, and are in both repositories. */
const texts: readonly string[] = [
  ...images,
  ...indexes,
  indexOf([indexes[0], images[2]]),
  imageOf([0, 3], images[0]),
  imageOf([3, 0], indexes[0]),
]

type Step = (hand: InHand) => Promise<unknown>

const repository = fc.constantFrom(...repositories)
const text = fc.constantFrom(...texts)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.tuple(repository, text, fc.subarray(tags)).map(
      ([name, pushed, tags]): Step =>
        ({ registry: { service } }) => {
          const reference = { kind: 'digest', digest: sha256(pushed) } as const
          return service.putManifest(call, name, reference, { bytes: utf8(pushed), tags })
        },
    ),
    weight: 8,
  },
  fc.tuple(repository, fc.constantFrom(...blobs)).map(
    ([name, blob]): Step =>
      (hand) =>
        hand.push(name, blob),
  ),
  fc.tuple(repository, text).map(
    ([name, deleted]): Step =>
      ({ registry: { service } }) =>
        service.deleteManifest(call, name, { kind: 'digest', digest: sha256(deleted) }),
  ),
  fc.tuple(repository, fc.constantFrom(...blobs)).map(
    ([name, blob]): Step =>
      ({ registry }) =>
        registry.service.deleteBlob(call, name, sha256(blob)),
  ),
)

/** What is asked to be deleted; null for the whole repository. */
const choice = fc.option(
  fc
    .tuple(fc.subarray([...texts], { maxLength: 3 }), fc.subarray(tags, { maxLength: 2 }))
    .map(([deleted, tags]): Reference[] => [
      ...deleted.map((one): Reference => ({ kind: 'digest', digest: sha256(one) })),
      ...tags.map((tag): Reference => ({ kind: 'tag', tag })),
    ]),
  { freq: 6, nil: null },
)

const wraps = {
  'the store tells who has to do with a digest': (metadata: InHand['stores']['metadata']) =>
    metadata,
  'the store has lists alone': (metadata: InHand['stores']['metadata']) =>
    but(metadata, () => ({ useOfDigests: undefined as never })),
}

describe.each(Object.entries(wraps))('where %s', (_, wrap) => {
  test('a preview of any deletion says what it does, and what a collection then frees', async () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(steps, repository, choice, async (steps, name, chosen) => {
        const limits = { trashMs: 0 }
        const hand = inHand({ allowSparse: true, limits, hash }, (stores) => ({
          ...stores,
          metadata: wrap(stores.metadata),
        }))
        const { service } = hand.registry
        for (const name of repositories) for (const blob of blobs) await hand.push(name, blob)
        for (const step of steps) {
          await step(hand).catch((error: unknown) => {
            if (!(error instanceof RegistryError)) throw error
          })
        }
        await collected(hand)
        const before = await entriesOf(hand, name)
        const targets = chosen ?? 'repository'
        const preview = await service.previewDeletion(call, name, targets)
        const counts = await service.countRepository(call, name)
        await deleteAll(hand, name, targets)
        expect(preview.freedBytes).toBe(await collected(hand))
        expect(told(preview)).toEqual(expected(before, await entriesOf(hand, name)))
        expect(preview.manifestCount).toBe(preview.manifests.length)
        const after = await service.countRepository(call, name)
        expect((counts?.tags ?? 0) - (after?.tags ?? 0)).toBe(preview.tagCount)
        const { referrers, parents, children } = preview
        const lengths = [referrers.length, parents.length, children.length]
        expect([preview.referrerCount, preview.parentCount, preview.childCount]).toEqual(lengths)
      }),
      { numRuns: runs(100) },
    )
  })
})

const app = repositoryName('team/app')
const latest = { kind: 'tag', tag: tagName('latest') } as const

describe('a preview of a deletion', () => {
  test('names what was asked for and is not there, and tags that go along', async () => {
    const hand = inHand()
    const layer = await hand.push(app, 'layer')
    const digest = await hand.pushImage(app, 'latest', [layer])
    await hand.pushImage(app, 'stable', [layer])
    const { service } = hand.registry
    const nowhere = { kind: 'digest', digest: sha256('nowhere') } as const
    const gone = { kind: 'tag', tag: tagName('gone') } as const
    const targets = [latest, { kind: 'digest', digest } as const, nowhere, gone]
    expect(await service.previewDeletion(call, app, targets)).toMatchObject({
      absent: [nowhere, gone],
      aliases: ['stable'],
      tagCount: 2,
      manifestCount: 1,
      freedBytes: 5 + utf8(manifestOf([layer])).byteLength,
    })
  })

  test('of a tag alone frees nothing, and says which manifest has no tag then', async () => {
    const hand = inHand()
    const digest = await hand.pushImage(app, 'latest', [await hand.push(app, 'layer')])
    const preview = await hand.registry.service.previewDeletion(call, app, [latest])
    expect(preview).toMatchObject({ manifests: [], tagCount: 1, freedBytes: 0 })
    expect(preview.untagged.map((one) => one.digest)).toEqual([digest])
  })

  test('needs a repository', async () => {
    const { service } = inHand().registry
    await expect(service.previewDeletion(call, app, [latest])).rejects.toMatchObject({
      kind: 'nameUnknown',
    })
  })

  test('gives up on the bytes of a repository that has too much in it', async () => {
    const hand = inHand({}, (stores) => ({
      ...stores,
      metadata: but(stores.metadata, (inner) => ({
        async countRepository(name) {
          const counts = await inner.countRepository(name)
          return counts && { ...counts, blobs: 20_001 }
        },
      })),
    }))
    await hand.pushImage(app, 'latest', [await hand.push(app, 'layer')])
    const preview = await hand.registry.service.previewDeletion(call, app, 'repository')
    expect(preview).toMatchObject({ manifestCount: 1, tagCount: 1, freedBytes: null })
  })
})
