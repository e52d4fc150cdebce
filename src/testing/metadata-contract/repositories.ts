import { equals } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import {
  blobOf,
  checkPages,
  collect,
  countsOf,
  here,
  long,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  over,
  putOf,
  record,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')
const [one, two] = [tagNamed('one'), tagNamed('two')]
const page = { limit: 10 }

/** When repositories begin and end, and how they are listed. */
export const repositoryCases: readonly MetadataStoreCase[] = [
  metadataCase('a repository begins with the first thing put in it', async (store) => {
    equals(await store.hasRepository(here), false, 'before')
    await store.linkBlob(here, blobOf(1), long)
    equals(await store.hasRepository(here), true, 'with a blob')
    await store.mountBlob(here, there, sampleDigest(1), long)
    equals(await store.hasRepository(there), true, 'with a mount')
    const third = repositoryNamed('third')
    await record(store, third, manifestOf(2))
    equals(await store.hasRepository(third), true, 'with a manifest')
  }),

  metadataCase('asking begins no repository', async (store) => {
    await store.findBlob(here, sampleDigest(1))
    await store.keepBlob(here, sampleDigest(1), long)
    await store.findManifest(here, sampleDigest(1))
    await store.resolveTag(here, latest)
    await store.listReferrers(here, sampleDigest(1), { maxBytes: 1000 })
    await store.unlinkBlob(here, sampleDigest(1))
    await store.deleteManifest(here, sampleDigest(1), { leaseMs: long })
    await store.deleteTag(here, latest)
    equals(await store.markMissing(blobOf(1)), false, 'marking what is not there')
    const requires = [{ digest: sampleDigest(2), kind: 'blob' }] as const
    await store.putManifest(here, {
      record: manifestOf(1),
      tags: [latest],
      requires,
      immutable: [],
    })
    const expect = { tag: latest, match: 'any' } as const
    await store.putManifest(here, {
      record: manifestOf(1),
      tags: [latest],
      requires: [],
      immutable: [],
      expect,
    })
    equals(await store.hasRepository(here), false, 'whether there is a repository')
    equals(countsOf(await store.countRepository(here)), null, 'what it holds')
    equals(await store.listTags(here, page), null, 'its tags')
    equals(await store.listTagRecords(here, page), null, 'its tags with digests')
    equals(await store.listManifests(here, page), null, 'its manifests')
    equals(await store.listBlobs(here, page), null, 'its blobs')
    equals(countsOf(await store.deleteRepository(here)), null, 'deleting it')
    equals((await store.listRepositories(page)).items, [], 'all repositories')
  }),

  metadataCase('a repository outlives what is in it', async (store) => {
    await store.linkBlob(here, blobOf(1), over)
    await record(store, here, manifestOf(2), [latest])
    await store.unlinkBlob(here, sampleDigest(1))
    await store.deleteTag(here, latest)
    await store.deleteManifest(here, sampleDigest(2), { leaseMs: over })
    await collect(store)
    equals(await store.hasRepository(here), true, 'whether it is there')
    equals(await store.listTags(here, page), { items: [], more: false }, 'its tags')
    equals(await store.listManifests(here, page), { items: [], more: false }, 'its manifests')
    equals(await store.listBlobs(here, page), { items: [], more: false }, 'its blobs')
    equals((await store.listRepositories(page)).items, [here], 'all repositories')
  }),

  metadataCase('repositories are listed in byte order, page by page', async (store) => {
    const names = ['b', 'a/b', 'a-b', 'a.b', 'a0', 'a', 'a_b', 'constructor', 'a/b/c', 'tostring']
    for (const name of names) await store.linkBlob(repositoryNamed(name), blobOf(1), long)
    await checkPages((page) => store.listRepositories(page), [...names].sort(), String)
    const after = { after: 'Not A Name/../~', limit: 100 }
    equals((await store.listRepositories(after)).items.length, names.length, 'after no name')
  }),

  metadataCase('hostile repository names are names like others', async (store) => {
    for (const name of ['constructor', 'valueof', 'hasownproperty', 'length']) {
      const repository = repositoryNamed(name)
      equals(await store.hasRepository(repository), false, `${name} before`)
      equals(await store.findManifest(repository, sampleDigest(2)), null, 'a manifest before')
      await store.linkBlob(repository, blobOf(1), long)
      await record(store, repository, manifestOf(2), [latest])
      equals(await store.findBlob(repository, sampleDigest(1)), blobOf(1), 'the blob')
      equals(putOf(await store.resolveTag(repository, latest)), manifestOf(2), 'the tag')
    }
  }),

  metadataCase('what a repository holds is counted', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(here, blobOf(2), long)
    await store.linkBlob(there, blobOf(3), long)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }), [one, two])
    await record(store, here, manifestOf(11), [two])
    await record(store, here, manifestOf(11))
    equals(
      countsOf(await store.countRepository(here)),
      { manifests: 2, tags: 2, blobs: 2 },
      'at first',
    )
    await store.deleteManifest(here, sampleDigest(11), { leaseMs: long })
    await store.unlinkBlob(here, sampleDigest(2))
    equals(
      countsOf(await store.countRepository(here)),
      { manifests: 1, tags: 1, blobs: 1 },
      'after deletions',
    )
    equals(
      countsOf(await store.countRepository(there)),
      { manifests: 0, tags: 0, blobs: 1 },
      'the other',
    )
  }),

  metadataCase('a deleted repository is gone with all it held', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(there, blobOf(1), long)
    await store.linkBlob(here, blobOf(2), long)
    const manifest = manifestOf(10, { references: [sampleDigest(1)], subject: sampleDigest(11) })
    await record(store, here, manifest, [one, two])
    await record(store, there, manifestOf(11), [one])
    const counts = { manifests: 1, tags: 2, blobs: 2 }
    equals(countsOf(await store.deleteRepository(here)), counts, 'what it held')
    equals(countsOf(await store.deleteRepository(here)), null, 'deleting it again')
    equals(await store.hasRepository(here), false, 'whether it is there')
    equals((await store.listRepositories(page)).items, [there], 'all repositories')
    equals(await store.findBlob(here, sampleDigest(1)), null, 'its blob')
    equals(await store.findManifest(here, sampleDigest(10)), null, 'its manifest')
    equals(await store.resolveTag(here, one), null, 'its tag')
    equals(await store.listTags(here, page), null, 'its tags')
    const ask = { maxBytes: 1000 }
    equals((await store.listReferrers(here, sampleDigest(11), ask)).items, [], 'its referrers')
    equals(await store.repositoriesWith(sampleDigest(1), 10), [there], 'repositories with its blob')
    equals(await store.findBlob(there, sampleDigest(1)), blobOf(1), 'the other repository')
    equals(putOf(await store.resolveTag(there, one)), manifestOf(11), 'the tag in the other')
  }),

  metadataCase('what a deleted repository alone had is garbage at once', async (store) => {
    await store.linkBlob(here, blobOf(1), long)
    await store.linkBlob(here, blobOf(2), long)
    await store.linkBlob(there, blobOf(2), long)
    await record(store, here, manifestOf(10, { references: [sampleDigest(1)] }), [one])
    await store.deleteRepository(here)
    equals(await collect(store), [sampleDigest(1), sampleDigest(10)].sort(), 'what is condemned')
    const fresh = blobOf(1, 'fresh')
    equals(await store.linkBlob(there, fresh, long), fresh, 'its content, pushed again')
  }),

  metadataCase('a repository that comes again has nothing of the one before', async (store) => {
    await record(store, here, manifestOf(1), [one, two])
    await store.linkBlob(here, blobOf(3), long)
    await store.deleteRepository(here)
    const again = manifestOf(1, { blob: blobOf(1, 'again') })
    const outcome = await record(store, here, again, [two])
    equals(outcome, { ...outcome, created: true, previous: [null] }, 'the outcome of a push')
    equals((await store.listTags(here, page))?.items, [two], 'its tags')
    equals(await store.findBlob(here, sampleDigest(3)), null, 'a blob of the one before')
    equals(
      countsOf(await store.countRepository(here)),
      { manifests: 1, tags: 1, blobs: 0 },
      'what it holds',
    )
    equals(putOf(await store.findManifest(here, sampleDigest(1))), again, 'its manifest')
  }),

  metadataCase('repositories that hold nothing are deleted, up to a limit', async (store) => {
    equals(await store.deleteEmptyRepositories(10), [], 'of none')
    const names = ['a', 'b', 'c'].map(repositoryNamed)
    for (const [number, name] of names.entries()) {
      await store.linkBlob(name, blobOf(number), long)
      await store.unlinkBlob(name, sampleDigest(number))
    }
    await store.linkBlob(here, blobOf(10), long)
    await record(store, there, manifestOf(11))
    const first = await store.deleteEmptyRepositories(2)
    equals(first.length, 2, 'as many as asked for')
    const all = [...first, ...(await store.deleteEmptyRepositories(10))]
    equals(all.sort(), names, 'all of them')
    equals(await store.deleteEmptyRepositories(10), [], 'those that hold something')
    equals((await store.listRepositories(page)).items, [here, there], 'those left')
  }),

  metadataCase('of empty repositories those that are named are deleted alone', async (store) => {
    const names = ['a', 'b', 'c'].map(repositoryNamed)
    for (const [number, name] of names.entries()) {
      await store.linkBlob(name, blobOf(number), long)
      await store.unlinkBlob(name, sampleDigest(number))
    }
    await store.linkBlob(here, blobOf(10), long)
    equals(await store.deleteEmptyRepositories(10, []), [], 'none of none')
    const among = [...names.slice(1), here, there]
    const gone = [...(await store.deleteEmptyRepositories(10, among))]
    equals(gone.sort(), names.slice(1), 'those that hold nothing')
    equals((await store.listRepositories(page)).items, [...names.slice(0, 1), here], 'those left')
  }),
]
