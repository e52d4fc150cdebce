import { equals, holds } from '../contract.ts'
import { repositoryNamed, sampleDigest } from '../samples.ts'
import {
  blobOf,
  here,
  leaseEnd,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  record,
  there,
} from './store-case.ts'

/** Which repository has which blob. */
export const blobCases: readonly MetadataStoreCase[] = [
  metadataCase('a blob is found where it was linked, and nowhere else', async (store) => {
    const blob = blobOf(1)
    equals(await store.findBlob(here, blob.digest), null, 'before')
    equals(await store.linkBlob(here, blob, leaseEnd), blob, 'the reference that counts')
    equals(await store.findBlob(here, blob.digest), blob, 'in its repository')
    equals(await store.findBlob(here, blob.digest, leaseEnd + 1), blob, 'with a lease')
    equals(await store.findBlob(there, blob.digest), null, 'in another')
    equals(await store.findBlob(here, sampleDigest(2)), null, 'another digest')
  }),

  metadataCase('digests of both algorithms are told apart', async (store) => {
    const long = { ...blobOf(1, 'long'), digest: sampleDigest(1, 'sha512') }
    equals(await store.linkBlob(here, blobOf(1), leaseEnd), blobOf(1), 'sha256')
    equals(await store.linkBlob(here, long, leaseEnd), long, 'sha512')
    equals(await store.findBlob(here, long.digest), long, 'finding sha512')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'finding sha256')
  }),

  metadataCase('of two copies of a digest the first counts', async (store) => {
    const first = blobOf(1, 'first')
    const second = blobOf(1, 'second')
    await store.linkBlob(here, first, leaseEnd)
    equals(await store.linkBlob(here, second, leaseEnd), first, 'linked again')
    equals(await store.linkBlob(there, second, leaseEnd), first, 'linked in another repository')
    equals(await store.findBlob(there, first.digest), first, 'found there')
  }),

  metadataCase('copies linked at once agree on the one that counts', async (store) => {
    const links = Array.from({ length: 10 }, (_, index) =>
      store.linkBlob(index % 2 === 0 ? here : there, blobOf(1, `copy ${index}`), leaseEnd),
    )
    const winners = new Set((await Promise.all(links)).map((blob) => blob.key))
    equals(winners.size, 1, 'references that count')
    const found = await store.findBlob(there, sampleDigest(1))
    holds(found !== null && winners.has(found.key), 'the reference found is the one that counts')
  }),

  metadataCase('a mount makes a blob readable in another repository', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, leaseEnd)
    equals(await store.mountBlob(here, there, blob.digest, leaseEnd), blob, 'mounting')
    equals(await store.mountBlob(here, there, blob.digest, leaseEnd), blob, 'mounting again')
    equals(await store.mountBlob(here, here, blob.digest, leaseEnd), blob, 'mounting onto itself')
    equals(await store.findBlob(there, blob.digest), blob, 'finding it')
    await store.unlinkBlob(here, blob.digest)
    equals(await store.findBlob(there, blob.digest), blob, 'after it left the first repository')
  }),

  metadataCase('nothing is mounted from a repository that does not have it', async (store) => {
    const blob = blobOf(1)
    const third = repositoryNamed('third')
    equals(await store.mountBlob(here, there, blob.digest, leaseEnd), null, 'no such repository')
    await store.linkBlob(third, blob, leaseEnd)
    await store.linkBlob(here, blob, leaseEnd)
    await store.unlinkBlob(here, blob.digest)
    equals(await store.mountBlob(here, there, blob.digest, leaseEnd), null, 'it was unlinked')
    equals(await store.findBlob(there, blob.digest), null, 'finding it')
    equals(await store.hasRepository(there), false, 'a mount in vain begins no repository')
  }),

  metadataCase('an unlinked blob is gone from that repository alone', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, leaseEnd)
    await store.linkBlob(there, blob, leaseEnd)
    equals(await store.unlinkBlob(here, blob.digest), true, 'unlinking')
    equals(await store.unlinkBlob(here, blob.digest), false, 'unlinking again')
    equals(await store.unlinkBlob(repositoryNamed('nowhere'), blob.digest), false, 'nowhere')
    equals(await store.findBlob(here, blob.digest), null, 'where it was unlinked')
    equals(await store.findBlob(there, blob.digest), blob, 'in the other')
    await store.linkBlob(here, blob, leaseEnd)
    equals(await store.findBlob(here, blob.digest), blob, 'linked again')
  }),

  metadataCase('repositories that have a digest are named, up to a limit', async (store) => {
    const { digest } = blobOf(1)
    equals(await store.repositoriesWith(digest, 10), [], 'of what nobody has')
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await store.linkBlob(there, blobOf(1), leaseEnd)
    await store.linkBlob(repositoryNamed('other'), blobOf(2), leaseEnd)
    const found = await store.repositoriesWith(digest, 10)
    equals([...found].sort(), [here, there], 'both')
    equals((await store.repositoriesWith(digest, 1)).length, 1, 'as many as asked for')
    await store.unlinkBlob(here, digest)
    equals(await store.repositoriesWith(digest, 10), [there], 'the one left')
  }),

  metadataCase('a manifest that names a blob grants nothing', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(there, blob, leaseEnd)
    await record(store, here, manifestOf(2, { references: [blob.digest] }))
    equals(await store.findBlob(here, blob.digest), null, 'finding the blob')
    equals(await store.mountBlob(here, there, blob.digest, leaseEnd), null, 'mounting it')
    equals(await store.repositoriesWith(blob.digest, 10), [there], 'repositories with it')
  }),
]
