import type { MetadataStore } from '../../kit.ts'
import { equals } from '../contract.ts'
import { sampleDigest } from '../samples.ts'
import {
  blobOf,
  here,
  isKnown,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  over,
  putOf,
  record,
  there,
} from './store-case.ts'

const digest = sampleDigest(1)
const [first, second, third] = [blobOf(1, 'one'), blobOf(1, 'two'), blobOf(1, 'three')]

/** Keys that are condemned now, sorted; none is forgotten. */
async function condemnedKeys(store: MetadataStore): Promise<string[]> {
  return (await store.condemn(100)).map(({ key }) => key).sort()
}

/** Which key counts for a digest. */
export const keyCases: readonly MetadataStoreCase[] = [
  metadataCase('of two keys of a digest the first counts', async (store) => {
    equals(await store.linkBlob(here, first, long), first, 'the first')
    equals(await store.linkBlob(here, second, long), first, 'another, linked')
    equals(await store.linkBlob(there, second, long), first, 'another, in another repository')
    const manifest = manifestOf(1, { blob: third })
    equals((await record(store, there, manifest)).blob, first, 'another, of a manifest')
    equals(await store.findBlob(there, digest), first, 'what is found')
    equals((await store.findManifest(there, digest))?.blob, first, 'what is found of the manifest')
    equals((await condemnedKeys(store)).includes(first.key), false, 'whether it is condemned')
    equals(await isKnown(store, first), true, 'whether its key is known')
  }),

  metadataCase('a manifest decides the key of a blob, too', async (store) => {
    equals((await record(store, here, manifestOf(1, { blob: first }))).blob, first, 'the first')
    equals(await store.linkBlob(there, second, long), first, 'another, linked')
    const again = await record(store, here, manifestOf(1, { blob: third }))
    equals(again.blob, first, 'another, of the same manifest')
    await store.deleteManifest(here, digest, { leaseMs: over })
    equals(await store.findBlob(there, digest), first, 'once the manifest is gone')
  }),

  metadataCase('a key that lost is condemned or unknown, and ends alone', async (store) => {
    await store.linkBlob(here, first, long)
    await store.linkBlob(here, second, long)
    for (const { key } of await store.condemn(10)) equals(key, second.key, 'a condemned key')
    await store.forget(second)
    equals(await isKnown(store, second), false, 'whether the one that lost is known')
    equals(await store.findBlob(here, digest), first, 'the blob')
  }),

  metadataCase('bytes that are moved are found under their new key', async (store) => {
    await store.linkBlob(here, first, long)
    await record(store, there, manifestOf(1, { blob: first }))
    equals(await store.relocate(first, second), true, 'moving them')
    equals(await store.findBlob(here, digest), second, 'the blob')
    equals((await store.findManifest(there, digest))?.blob, second, 'the manifest')
    equals((await store.listBlobs(here, { limit: 9 }))?.items, [second], 'the list of blobs')
    equals(await store.relocate(first, second), true, 'moving them again')
    equals([await isKnown(store, first), await isKnown(store, second)], [true, true], 'keys known')
    equals(await condemnedKeys(store), [first.key], 'what is condemned')
    await store.forget(first)
    equals([await isKnown(store, first), await isKnown(store, second)], [false, true], 'then')
    equals(await store.linkBlob(there, third, long), second, 'the key that counts')
  }),

  metadataCase('bytes whose key does not count are not moved', async (store) => {
    equals(await store.relocate(first, second), false, 'what nothing names')
    await store.linkBlob(here, first, long)
    equals(await store.relocate(third, second), false, 'from a key that does not count')
    equals(await store.findBlob(here, digest), first, 'the blob')
    equals(await condemnedKeys(store), [], 'what is condemned')
    await store.markMissing(first)
    equals(await store.relocate(first, second), false, 'bytes that are missing')
    equals(await store.findBlob(here, digest), null, 'the blob, then')
    equals(await store.linkBlob(here, second, long), second, 'a key that heals')
    equals(await store.relocate(second, first), false, 'to a key that was condemned')
    equals(await store.findBlob(here, digest), second, 'the blob, in the end')
  }),

  metadataCase('once nothing names a digest, a new key counts', async (store) => {
    await store.linkBlob(here, first, long)
    await store.unlinkBlob(here, digest)
    equals(await store.linkBlob(there, second, long), second, 'the key that counts')
    equals(await store.findBlob(there, digest), second, 'what is found')
    equals(await condemnedKeys(store), [first.key], 'what is condemned')
    equals([await isKnown(store, first), await isKnown(store, second)], [true, true], 'keys known')
    await store.forget(first)
    equals([await isKnown(store, first), await isKnown(store, second)], [false, true], 'then')
    equals(await store.findBlob(there, digest), second, 'what is found then')
  }),

  metadataCase('so it does for a manifest', async (store) => {
    await record(store, here, manifestOf(1, { blob: first }))
    await store.deleteManifest(here, digest, { leaseMs: over })
    const fresh = manifestOf(1, { blob: second })
    equals((await record(store, here, fresh)).blob, second, 'the key that counts')
    equals(putOf(await store.findManifest(here, digest)), fresh, 'what is found')
    equals(await condemnedKeys(store), [first.key], 'what is condemned')
  }),

  metadataCase('a condemned key does not come back', async (store) => {
    await store.linkBlob(here, first, over)
    equals(await condemnedKeys(store), [first.key], 'what is condemned')
    equals(await store.linkBlob(here, second, long), second, 'the key that counts')
    await store.forget(first)
    equals(await store.findBlob(here, digest), second, 'what is found')
    equals(await condemnedKeys(store), [], 'what is condemned then')
  }),

  metadataCase('condemned keys of one digest end one by one', async (store) => {
    await store.linkBlob(here, first, over)
    await store.condemn(10)
    await store.linkBlob(here, second, over)
    await store.condemn(10)
    await store.linkBlob(here, third, long)
    equals(await condemnedKeys(store), [first.key, second.key], 'both')
    await store.forget(first)
    equals(await condemnedKeys(store), [second.key], 'the one that is left')
    await store.forget(second)
    equals(await condemnedKeys(store), [], 'none')
    equals(await store.findBlob(here, digest), third, 'the one that counts')
  }),

  metadataCase('a key that counts cannot be forgotten', async (store) => {
    await store.linkBlob(here, first, long)
    await store.forget(first)
    await store.forget(blobOf(2))
    equals(await store.findBlob(here, digest), first, 'the blob')
    equals(await isKnown(store, first), true, 'whether its key is known')
  }),

  metadataCase('a key is known of its own digest alone', async (store) => {
    await store.linkBlob(here, first, long)
    equals(await isKnown(store, { ...first, digest: sampleDigest(2) }), false, 'of another digest')
    equals(await isKnown(store, second), false, 'another key of the digest')
  }),

  metadataCase('a key is known without its digest', async (store) => {
    await store.linkBlob(here, first, long)
    await record(store, there, manifestOf(2, { blob: blobOf(2, 'manifest') }))
    await store.linkBlob(here, blobOf(3), long)
    await store.unlinkBlob(here, sampleDigest(3))
    const keys = [first.key, second.key, blobOf(2, 'manifest').key, blobOf(3).key, '']
    const asked = keys.map((key) => ({ key, digest: null }))
    equals(await store.knowsKeys(asked), [true, false, true, true, false], 'what is known')
    await store.relocate(first, third)
    await store.condemn(10)
    await store.forget(blobOf(3))
    const mixed = [{ key: second.key, digest }, ...asked, { key: third.key, digest: null }, third]
    const known = [false, true, false, true, false, false, true, true]
    equals(await store.knowsKeys(mixed), known, 'what is known then')
  }),

  metadataCase('thousands of keys are asked about at once', async (store) => {
    const keyOf = (number: number): string => blobOf(number).key
    for (let number = 0; number < 40; number += 1) await store.linkBlob(here, blobOf(number), long)
    const asked = Array.from({ length: 6000 }, (_, number) => ({
      key: number % 200 === 7 ? keyOf((number - 7) / 200) : `${keyOf(1)}/${number}`,
      digest: null,
    }))
    const known = await store.knowsKeys(asked)
    equals(known.length, 6000, 'answers')
    equals(known.filter(Boolean).length, 30, 'keys that are known')
    equals(
      known.every((one, number) => one === (number % 200 === 7)),
      true,
      'in the order asked',
    )
    equals(await store.knowsKeys([]), [], 'no keys at all')
  }),
]
