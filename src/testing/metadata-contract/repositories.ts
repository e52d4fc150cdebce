import { equals } from '../contract.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../samples.ts'
import {
  allPages,
  blobOf,
  here,
  leaseEnd,
  type MetadataStoreCase,
  manifestOf,
  metadataCase,
  record,
  there,
} from './store-case.ts'

const latest = tagNamed('latest')

/** When repositories begin, and how they are listed. */
export const repositoryCases: readonly MetadataStoreCase[] = [
  metadataCase('a repository begins with the first thing put in it', async (store) => {
    equals(await store.hasRepository(here), false, 'before')
    await store.linkBlob(here, blobOf(1), leaseEnd)
    equals(await store.hasRepository(here), true, 'with a blob')
    await store.mountBlob(here, there, sampleDigest(1), leaseEnd)
    equals(await store.hasRepository(there), true, 'with a mount')
    const third = repositoryNamed('third')
    await record(store, third, manifestOf(2))
    equals(await store.hasRepository(third), true, 'with a manifest')
  }),

  metadataCase('asking begins no repository', async (store) => {
    await store.findBlob(here, sampleDigest(1), leaseEnd)
    await store.findManifest(here, sampleDigest(1))
    await store.resolveTag(here, latest)
    await store.listReferrers(here, sampleDigest(1), { maxBytes: 1000 })
    await store.unlinkBlob(here, sampleDigest(1))
    await store.deleteManifest(here, sampleDigest(1))
    await store.deleteTag(here, latest)
    const requires = [{ digest: sampleDigest(2), kind: 'blob' }] as const
    await store.putManifest(here, { record: manifestOf(1), tags: [latest], requires })
    const expect = { match: ['*'] }
    await store.putManifest(here, { record: manifestOf(1), tags: [latest], requires: [], expect })
    equals(await store.hasRepository(here), false, 'whether there is a repository')
    equals(await store.listTags(here, { limit: 10 }), null, 'its tags')
    equals((await store.listRepositories({ limit: 10 })).items, [], 'all repositories')
  }),

  metadataCase('a repository outlives what is in it', async (store) => {
    await store.linkBlob(here, blobOf(1), leaseEnd)
    await record(store, here, manifestOf(2), [latest])
    await store.unlinkBlob(here, sampleDigest(1))
    await store.deleteTag(here, latest)
    await store.deleteManifest(here, sampleDigest(2))
    await store.condemn(leaseEnd + 1, 10)
    equals(await store.hasRepository(here), true, 'whether it is there')
    equals(await store.listTags(here, { limit: 10 }), { items: [], more: false }, 'its tags')
    equals((await store.listRepositories({ limit: 10 })).items, [here], 'all repositories')
  }),

  metadataCase('repositories are listed in byte order, page by page', async (store) => {
    const names = ['b', 'a/b', 'a-b', 'a.b', 'a0', 'a', 'a_b', 'constructor', 'a/b/c', 'tostring']
    for (const name of names) await store.linkBlob(repositoryNamed(name), blobOf(1), leaseEnd)
    const sorted = [...names].sort()
    for (const limit of [1, 2, 3, 9, 10, 11]) {
      const all = await allPages((page) => store.listRepositories(page), limit)
      equals(all, sorted, `in pages of ${limit}`)
    }
  }),

  metadataCase('a list of repositories may start after any name', async (store) => {
    for (const name of ['b', 'd', 'f']) {
      await store.linkBlob(repositoryNamed(name), blobOf(1), leaseEnd)
    }
    const after = (name: string) => store.listRepositories({ after: name, limit: 10 })
    equals(await after('a'), { items: ['b', 'd', 'f'], more: false }, 'after one before all')
    equals(await after('b'), { items: ['d', 'f'], more: false }, 'after one that exists')
    equals(await after('c'), { items: ['d', 'f'], more: false }, 'after one that does not')
    equals(await after('f'), { items: [], more: false }, 'after the last')
    equals(await after('Not A Name/../~'), { items: ['b', 'd', 'f'], more: false }, 'after no name')
    equals((await store.listRepositories({ limit: 0 })).items, [], 'none')
  }),

  metadataCase('hostile repository names are names like others', async (store) => {
    for (const name of ['constructor', 'valueof', 'hasownproperty', 'length']) {
      const repository = repositoryNamed(name)
      equals(await store.hasRepository(repository), false, `${name} before`)
      equals(await store.findManifest(repository, sampleDigest(2)), null, 'a manifest before')
      await store.linkBlob(repository, blobOf(1), leaseEnd)
      await record(store, repository, manifestOf(2), [latest])
      equals(await store.findBlob(repository, sampleDigest(1)), blobOf(1), 'the blob')
      equals(await store.resolveTag(repository, latest), manifestOf(2), 'the tag')
    }
  }),
]
