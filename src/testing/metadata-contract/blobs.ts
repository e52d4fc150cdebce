import { equals, holds } from '../contract.ts'
import { repositoryNamed, sampleDigest } from '../samples.ts'
import {
  blobOf,
  checkPages,
  countsOf,
  here,
  long,
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
    equals(await store.linkBlob(here, blob, long), blob, 'the reference that counts')
    equals(await store.findBlob(here, blob.digest), blob, 'in its repository')
    equals(await store.keepBlob(here, blob.digest, 2 * long), blob, 'with a lease')
    equals(await store.findBlob(there, blob.digest), null, 'in another')
    equals(await store.keepBlob(there, blob.digest, long), null, 'in another, with a lease')
    equals(await store.findBlob(here, sampleDigest(2)), null, 'another digest')
  }),

  metadataCase('digests of both algorithms are told apart', async (store) => {
    const other = { ...blobOf(1, 'other'), digest: sampleDigest(1, 'sha512') }
    equals(await store.linkBlob(here, blobOf(1), long), blobOf(1), 'sha256')
    equals(await store.linkBlob(here, other, long), other, 'sha512')
    equals(await store.findBlob(here, other.digest), other, 'finding sha512')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'finding sha256')
  }),

  metadataCase('a link may be made again', async (store) => {
    equals(await store.linkBlob(here, blobOf(1), long), blobOf(1), 'linking')
    equals(await store.linkBlob(here, blobOf(1), long), blobOf(1), 'linking again')
    equals(await store.findBlob(here, sampleDigest(1)), blobOf(1), 'finding it')
    equals(
      countsOf(await store.countRepository(here)),
      { manifests: 0, tags: 0, blobs: 1 },
      'blobs',
    )
  }),

  metadataCase('copies linked at once agree on the one that counts', async (store) => {
    const links = Array.from({ length: 10 }, (_, index) =>
      store.linkBlob(index % 2 === 0 ? here : there, blobOf(1, `copy ${index}`), long),
    )
    const winners = new Set((await Promise.all(links)).map((blob) => blob.key))
    equals(winners.size, 1, 'references that count')
    const found = await store.findBlob(there, sampleDigest(1))
    holds(found !== null && winners.has(found.key), 'the reference found is the one that counts')
  }),

  metadataCase('a mount makes a blob readable in another repository', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, long)
    equals(await store.mountBlob(here, there, blob.digest, long), blob, 'mounting')
    equals(await store.mountBlob(here, there, blob.digest, long), blob, 'mounting again')
    equals(await store.mountBlob(here, here, blob.digest, long), blob, 'mounting onto itself')
    equals(await store.findBlob(there, blob.digest), blob, 'finding it')
    await store.unlinkBlob(here, blob.digest)
    equals(await store.findBlob(there, blob.digest), blob, 'after it left the first repository')
  }),

  metadataCase('nothing is mounted from a repository that does not have it', async (store) => {
    const blob = blobOf(1)
    const third = repositoryNamed('third')
    equals(await store.mountBlob(here, there, blob.digest, long), null, 'no such repository')
    await store.linkBlob(third, blob, long)
    await store.linkBlob(here, blob, long)
    await store.unlinkBlob(here, blob.digest)
    equals(await store.mountBlob(here, there, blob.digest, long), null, 'it was unlinked')
    equals(await store.findBlob(there, blob.digest), null, 'finding it')
    equals(await store.hasRepository(there), false, 'a mount in vain begins no repository')
  }),

  metadataCase('an unlinked blob is gone from that repository alone', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(here, blob, long)
    await store.linkBlob(there, blob, long)
    equals(await store.unlinkBlob(here, blob.digest), 'removed', 'unlinking')
    equals(await store.unlinkBlob(here, blob.digest), 'absent', 'unlinking again')
    equals(await store.unlinkBlob(repositoryNamed('nowhere'), blob.digest), 'absent', 'nowhere')
    equals(await store.findBlob(here, blob.digest), null, 'where it was unlinked')
    equals(await store.findBlob(there, blob.digest), blob, 'in the other')
    equals(await store.linkBlob(here, blobOf(1, 'second'), long), blob, 'linked again')
    equals(await store.findBlob(here, blob.digest), blob, 'found again')
  }),

  metadataCase('repositories that have a digest are named, up to a limit', async (store) => {
    const { digest } = blobOf(1)
    equals(await store.repositoriesWith(digest, 10), [], 'of what no repository has')
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(there, blobOf(1), long)
    await store.linkBlob(repositoryNamed('other'), blobOf(2), long)
    const found = await store.repositoriesWith(digest, 10)
    equals([...found].sort(), [here, there], 'both')
    equals((await store.repositoriesWith(digest, 1)).length, 1, 'as many as asked for')
    await store.unlinkBlob(here, digest)
    equals(await store.repositoriesWith(digest, 10), [there], 'the one left')
  }),

  metadataCase('a manifest that names a blob grants nothing', async (store) => {
    const blob = blobOf(1)
    await store.linkBlob(there, blob, long)
    await record(store, here, manifestOf(2, { references: [blob.digest] }))
    equals(await store.findBlob(here, blob.digest), null, 'finding the blob')
    equals(await store.keepBlob(here, blob.digest, long), null, 'keeping it')
    equals(await store.mountBlob(here, there, blob.digest, long), null, 'mounting it')
    equals(await store.repositoriesWith(blob.digest, 10), [there], 'repositories with it')
    equals((await store.listBlobs(here, { limit: 10 }))?.items, [], 'blobs of its repository')
  }),

  metadataCase('blobs of a repository are listed by digest, page by page', async (store) => {
    const blobs = [1, 2, 3, 4, 5].map((number) => blobOf(number))
    for (const blob of blobs) await store.linkBlob(here, blob, long)
    await store.linkBlob(there, blobOf(6), long)
    await record(store, here, manifestOf(7))
    const digests = blobs.map(({ digest }) => digest).sort()
    await checkPages(
      (page) => store.listBlobs(here, page),
      digests,
      ({ digest }) => digest,
    )
    const [first] = (await store.listBlobs(here, { limit: 1 }))?.items ?? []
    equals(
      first,
      blobs.find(({ digest }) => digest === digests[0]),
      'the first',
    )
    await store.unlinkBlob(here, digests[0] ?? sampleDigest(0))
    await checkPages(
      (page) => store.listBlobs(here, page),
      digests.slice(1),
      ({ digest }) => digest,
    )
  }),
]
