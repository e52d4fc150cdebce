import { describe, expect, test } from 'vitest'
import type { Digest, RepositoryName } from '../../src/index.ts'
import type { BlobRef, ManifestChange, MetadataStore, PageRequest } from '../../src/kit.ts'
import { memoryMetadata } from '../../src/metadata/store.ts'
import { metadataStoreContract } from '../../src/testing/index.ts'
import { brokenCase, but } from './breaking.ts'

/** Changes what is put before it is put. */
function puts(
  store: MetadataStore,
  change: (given: ManifestChange, inner: MetadataStore) => ManifestChange,
): MetadataStore {
  return but(store, (inner) => ({
    putManifest: (repository, given) => inner.putManifest(repository, change(given, inner)),
  }))
}

const broken: Record<string, (store: MetadataStore) => MetadataStore> = {
  'finds blobs of other repositories': (store) =>
    but(store, (inner) => ({
      async findBlob(repository, digest, keepUntil) {
        const [any = repository] = await inner.repositoriesWith(digest, 1)
        return inner.findBlob(any, digest, keepUntil)
      },
    })),
  'takes no leases when asked': (store) =>
    but(store, (inner) => ({
      findBlob: (repository, digest) => inner.findBlob(repository, digest),
    })),
  'says that the newest copy counts': (store) =>
    but(store, (inner) => ({
      async linkBlob(repository, blob, keepUntil) {
        await inner.linkBlob(repository, blob, keepUntil)
        return blob
      },
    })),
  'mounts what another repository has': (store) =>
    but(store, (inner) => ({
      async mountBlob(from, to, digest, keepUntil) {
        const [any = from] = await inner.repositoriesWith(digest, 1)
        return inner.mountBlob(any, to, digest, keepUntil)
      },
    })),
  'mounts without a lease': (store) =>
    but(store, (inner) => ({
      mountBlob: (from, to, digest) => inner.mountBlob(from, to, digest, 0),
    })),
  'unlinks everywhere': (store) =>
    but(store, (inner) => ({
      async unlinkBlob(repository, digest) {
        const unlinked = await inner.unlinkBlob(repository, digest)
        for (const other of await inner.repositoriesWith(digest, 10)) {
          await inner.unlinkBlob(other, digest)
        }
        return unlinked
      },
    })),
  'requires nothing': (store) => puts(store, (given) => ({ ...given, requires: [] })),
  'expects nothing': (store) =>
    puts(store, ({ record, tags, requires }) => ({ record, tags, requires })),
  'looks at the last tag': (store) =>
    puts(store, (given) => ({ ...given, tags: [...given.tags].reverse() })),
  'sets the first tag alone': (store) =>
    puts(store, (given) => ({ ...given, tags: given.tags.slice(0, 1) })),
  'forgets what a manifest names': (store) =>
    puts(store, (given) => ({ ...given, record: { ...given.record, references: [] } })),
  'forgets annotations': (store) =>
    puts(store, (given) => ({ ...given, record: { ...given.record, annotations: [] } })),
  'checks conditions ahead of the change': (store) =>
    but(store, (inner) => ({
      async putManifest(repository, { expect, ...given }) {
        const [tag] = given.tags
        const found = tag === undefined ? null : await inner.resolveTag(repository, tag)
        if (expect?.noneMatch?.includes('*') && found !== null) return { kind: 'conflict' }
        return inner.putManifest(repository, given)
      },
    })),
  'deletes the tag with the manifest it stands for': (store) =>
    but(store, (inner) => ({
      async deleteTag(repository, tag) {
        const found = await inner.resolveTag(repository, tag)
        return found !== null && inner.deleteManifest(repository, found.digest)
      },
    })),
  'lists tags from the start': (store) =>
    but(store, (inner) => ({
      listTags: (repository, { limit }: PageRequest) => inner.listTags(repository, { limit }),
    })),
  'always says that more tags follow': (store) =>
    but(store, (inner) => ({
      async listTags(repository, page) {
        const found = await inner.listTags(repository, page)
        return found && { ...found, more: true }
      },
    })),
  'lists tags as people sort them': (store) =>
    but(store, (inner) => ({
      async listTags(repository, page) {
        const found = await inner.listTags(repository, page)
        return found && { ...found, items: [...found.items].sort((a, b) => a.localeCompare(b)) }
      },
    })),
  'has an empty list for no repository': (store) =>
    but(store, (inner) => ({
      listTags: async (...ask) => (await inner.listTags(...ask)) ?? { items: [], more: false },
    })),
  'does not filter referrers': (store) =>
    but(store, (inner) => ({
      listReferrers: (repository, subject, { artifactType: _, ...request }) =>
        inner.listReferrers(repository, subject, request),
    })),
  'lists referrers from the start': (store) =>
    but(store, (inner) => ({
      listReferrers: (repository, subject, { after: _, ...request }) =>
        inner.listReferrers(repository, subject, request),
    })),
  'has one page of referrers': (store) =>
    but(store, (inner) => ({
      async listReferrers(...ask) {
        return { ...(await inner.listReferrers(...ask)), more: false }
      },
    })),
  'begins a repository when it is asked about': (store) => {
    const asked = new Set<RepositoryName>()
    return but(store, (inner) => ({
      findBlob(repository, ...ask) {
        asked.add(repository)
        return inner.findBlob(repository, ...ask)
      },
      hasRepository: async (name) => asked.has(name) || inner.hasRepository(name),
    }))
  },
  'condemns before the lease is over': (store) =>
    but(store, (inner) => ({ condemn: (before, limit) => inner.condemn(before + 1e6, limit) })),
  'condemns more than asked for': (store) =>
    but(store, (inner) => ({ condemn: (before) => inner.condemn(before, 1000) })),
  'never forgets': (store) => but(store, () => ({ forget: async () => {} })),
  'holds everything it ever had': (store) => {
    const had = new Set<Digest>()
    return but(store, (inner) => ({
      linkBlob(repository, blob: BlobRef, keepUntil) {
        had.add(blob.digest)
        return inner.linkBlob(repository, blob, keepUntil)
      },
      isHeld: async ({ digest }) => had.has(digest),
    }))
  },
  'holds nothing': (store) => but(store, () => ({ isHeld: async () => false })),
}

describe('the contract notices a metadata store that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const make = () => breaking(memoryMetadata())
    expect(await brokenCase(metadataStoreContract, make)).not.toBeNull()
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  expect(
    await brokenCase(metadataStoreContract, () => but(memoryMetadata(), () => ({}))),
  ).toBeNull()
})
