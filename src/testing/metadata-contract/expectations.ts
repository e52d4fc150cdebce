import type { RepositoryName, Tag } from '../../index.ts'
import type { ManifestOutcome, MetadataStore, TagExpectation } from '../../kit.ts'
import { equals } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  putOf,
  record,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')

/** Puts a manifest if what is expected of the tag `latest` holds. */
async function attempt(
  store: MetadataStore,
  number: number,
  expect: Omit<TagExpectation, 'tag'> & { readonly tag?: Tag | null },
  tags: readonly Tag[] = [latest],
  repository: RepositoryName = here,
): Promise<ManifestOutcome['kind']> {
  const { tag = latest, ...conditions } = expect
  const change = {
    record: manifestOf(number),
    tags,
    requires: [],
    immutable: [],
    expect: { tag, ...conditions },
  }
  return (await store.putManifest(repository, change)).kind
}

/** Conditions at the moment of the change. */
export const expectationCases: readonly MetadataStoreCase[] = [
  metadataCase('match lets a tag move only from one of the digests', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    const wrong = { match: [sampleDigest(2), sampleDigest(3)] }
    equals(await attempt(store, 4, wrong), 'conflict', 'from another digest')
    equals(await attempt(store, 4, { match: [] }), 'conflict', 'from none')
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(1), 'the tag')
    equals(await store.findManifest(here, sampleDigest(4)), null, 'the manifest')
    const right = { match: [sampleDigest(3), sampleDigest(1)] }
    equals(await attempt(store, 4, right), 'stored', 'from its digest')
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(4), 'the tag, moved')
  }),

  metadataCase('match takes no tag that is not set', async (store) => {
    await record(store, here, manifestOf(1))
    equals(await attempt(store, 1, { match: [sampleDigest(1)] }), 'conflict', 'a digest')
    equals(await attempt(store, 1, { match: 'any' }), 'conflict', 'any')
    equals(await store.resolveTag(here, latest), null, 'the tag')
  }),

  metadataCase('match any takes any tag that is set', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    equals(await attempt(store, 2, { match: 'any' }), 'stored', 'any')
  }),

  metadataCase('noneMatch takes a tag that is not set, or elsewhere', async (store) => {
    equals(await attempt(store, 1, { noneMatch: [sampleDigest(1)] }), 'stored', 'not set')
    equals(await attempt(store, 2, { noneMatch: [sampleDigest(2)] }), 'stored', 'elsewhere')
    const conflicting = { noneMatch: [sampleDigest(9), sampleDigest(2)] }
    equals(await attempt(store, 3, conflicting), 'conflict', 'at one of the digests')
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(2), 'the tag')
    equals(await store.findManifest(here, sampleDigest(3)), null, 'the manifest')
  }),

  metadataCase('noneMatch any takes only a tag that is not set', async (store) => {
    equals(await attempt(store, 1, { noneMatch: 'any' }), 'stored', 'not set')
    equals(await attempt(store, 2, { noneMatch: 'any' }), 'conflict', 'set')
    equals(await attempt(store, 2, { noneMatch: 'any' }, [latest], there), 'stored', 'elsewhere')
    await store.deleteTag(here, latest)
    equals(await attempt(store, 2, { noneMatch: 'any' }), 'stored', 'deleted')
  }),

  metadataCase('both conditions have to hold', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    const [own, others] = [[sampleDigest(1)], [sampleDigest(2)]]
    equals(await attempt(store, 3, { match: own, noneMatch: own }), 'conflict', 'the second fails')
    equals(await attempt(store, 3, { match: others, noneMatch: others }), 'conflict', 'the first')
    equals(await attempt(store, 3, { match: own, noneMatch: others }), 'stored', 'both hold')
  }),

  metadataCase('the tag that is named is looked at, whichever are set', async (store) => {
    const [first, second] = [tagNamed('first'), tagNamed('second')]
    await record(store, here, manifestOf(1), [second])
    const free = { tag: first, noneMatch: 'any' } as const
    equals(await attempt(store, 2, free, [second, first]), 'stored', 'it is free')
    equals(putOf(await store.resolveTag(here, second)), manifestOf(2), 'another, moved as well')
    const taken = { tag: second, noneMatch: 'any' } as const
    equals(await attempt(store, 3, taken, [latest]), 'conflict', 'it is set')
    equals(await store.resolveTag(here, latest), null, 'a tag of the change that failed')
    const elsewhere = { tag: second, match: [sampleDigest(2)] }
    equals(await attempt(store, 3, elsewhere, [latest]), 'stored', 'a tag that is not moved')
  }),

  metadataCase('without a tag the manifest itself is looked at', async (store) => {
    const manifest = (conditions: Omit<TagExpectation, 'tag'>) => ({ tag: null, ...conditions })
    equals(await attempt(store, 1, manifest({ match: 'any' })), 'conflict', 'match, not there')
    equals(await attempt(store, 1, manifest({ noneMatch: 'any' })), 'stored', 'not there')
    equals(await attempt(store, 1, manifest({ noneMatch: 'any' })), 'conflict', 'there')
    const own = manifest({ match: [sampleDigest(1)] })
    equals(await attempt(store, 1, own, []), 'stored', 'match, there')
    equals(await attempt(store, 2, manifest({ noneMatch: 'any' })), 'stored', 'whatever the tag is')
  }),

  metadataCase('a manifest whose bytes are missing counts as absent', async (store) => {
    await record(store, here, manifestOf(1), [latest])
    await store.markMissing(blobOf(1))
    equals(await attempt(store, 2, { match: 'any' }), 'conflict', 'match')
    equals(await attempt(store, 2, { noneMatch: 'any' }), 'stored', 'noneMatch')
  }),

  metadataCase('of many that expect a free tag at once, one succeeds', async (store) => {
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const outcomes = await Promise.all(
      numbers.map((number) => attempt(store, number, { noneMatch: 'any' })),
    )
    equals(outcomes.filter((outcome) => outcome === 'stored').length, 1, 'those that succeeded')
    const winner = outcomes.indexOf('stored')
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(winner), 'the tag')
  }),

  metadataCase('of many that move a tag from one digest at once, one succeeds', async (store) => {
    await record(store, here, manifestOf(100), [latest])
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const outcomes = await Promise.all(
      numbers.map((number) => attempt(store, number, { match: [sampleDigest(100)] })),
    )
    equals(outcomes.filter((outcome) => outcome === 'stored').length, 1, 'those that succeeded')
    const winner = outcomes.indexOf('stored')
    equals(putOf(await store.resolveTag(here, latest)), manifestOf(winner), 'the tag')
  }),
]
