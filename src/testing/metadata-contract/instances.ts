import type { MetadataStore } from '../../kit.ts'
import { equals, holds } from '../contract.ts'
import { sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  here,
  isKnown,
  long,
  type MetadataStoreCase,
  manifestOf,
  over,
  placeCase,
  putOf,
  record,
  there,
} from './store-case.ts'

const digest = sampleDigest(1)
const latest = tagNamed('latest')
const [first, second] = [blobOf(1, 'one'), blobOf(1, 'two')]

function pairCase(
  name: string,
  body: (one: MetadataStore, other: MetadataStore) => Promise<void>,
): MetadataStoreCase {
  return placeCase(name, ['secondInstance'], async (place) =>
    body(await place.open(), await place.open()),
  )
}

/** Two stores over the same names, as two processes have them. */
export const instanceCases: readonly MetadataStoreCase[] = [
  pairCase('what one store changes, the other sees', async (one, other) => {
    await one.linkBlob(here, first, long)
    equals(await other.findBlob(here, digest), first, 'a link')
    await other.mountBlob(here, there, digest, long)
    equals(await one.findBlob(there, digest), first, 'a mount')
    await record(one, here, manifestOf(2), [latest])
    equals(putOf(await other.resolveTag(here, latest)), manifestOf(2), 'a tag')
    await record(other, here, manifestOf(3), [latest])
    equals(putOf(await one.resolveTag(here, latest)), manifestOf(3), 'a tag that moved')
    equals(await one.deleteTag(here, latest), sampleDigest(3), 'deleting it')
    equals(await other.resolveTag(here, latest), null, 'a tag that is gone')
    await other.markMissing(first)
    equals(await one.findBlob(here, digest), null, 'a blob that is missing')
    await other.deleteRepository(here)
    equals(await one.listTags(here, { limit: 10 }), null, 'a repository that is gone')
  }),

  pairCase('copies linked by both at once agree on the one that counts', async (one, other) => {
    const links = Array.from({ length: 10 }, (_, index) => {
      const store = index % 2 === 0 ? one : other
      return store.linkBlob(index % 3 === 0 ? here : there, blobOf(1, `copy ${index}`), long)
    })
    const winners = new Set((await Promise.all(links)).map(({ key }) => key))
    equals(winners.size, 1, 'references that count')
  }),

  pairCase('of many that expect a free tag in either, one succeeds', async (one, other) => {
    const expect = { tag: latest, noneMatch: 'any' } as const
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        (number % 2 === 0 ? one : other).putManifest(here, {
          record: manifestOf(number),
          tags: [latest],
          requires: [],
          immutable: [],
          expect,
        }),
      ),
    )
    equals(outcomes.filter(({ kind }) => kind === 'stored').length, 1, 'those that succeeded')
  }),

  pairCase('what one condemned, a push through the other does not revive', async (one, other) => {
    await one.linkBlob(here, first, over)
    equals(await other.condemn(10), [first], 'what is condemned')
    equals(await one.linkBlob(here, second, long), second, 'the key that counts')
    await other.forget(first)
    equals(await one.findBlob(here, digest), second, 'the blob')
    equals(await isKnown(other, second), true, 'whether its key is known')
    equals(await other.condemn(10), [], 'what is condemned then')
  }),

  pairCase('a manifest is recorded with what it requires, or not at all', async (one, other) => {
    for (let number = 100; number < 120; number += 1) {
      const blob = blobOf(number)
      await one.linkBlob(here, blob, over)
      const manifest = manifestOf(number + 100, { references: [blob.digest] })
      const requires = [{ digest: blob.digest, kind: 'blob' }] as const
      const [outcome] = await Promise.all([
        one.putManifest(here, { record: manifest, tags: [], requires, immutable: [] }),
        other.condemn(10),
      ])
      if (outcome.kind === 'missing') continue
      for (const { key } of await other.condemn(100)) {
        holds(key !== blob.key, 'what a recorded manifest names is not condemned')
      }
      equals(await other.findBlob(here, blob.digest), blob, 'what it names')
    }
  }),
]
