import type { Digest } from '../../src/index.ts'
import type { BlobRef, MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'

/** Calls every method of a store, in every way that another statement runs for it. */
export async function useAll(store: MetadataStore): Promise<void> {
  const [here, there] = [repositoryNamed('used/here'), repositoryNamed('used/there')]
  const tag = tagNamed('used')
  const blobOf = (number: number, key = `used/${number}`) => {
    return { digest: sampleDigest(900_000 + number), size: 10, key }
  }
  const put = (number: number, references: readonly Digest[], subject: Digest) => {
    const blob = blobOf(number)
    const artifactType = 'a/b'
    return store.putManifest(here, {
      record: { ...blob, mediaType: 'a/b', blob, references, subject, artifactType },
      tags: [tag],
      immutable: [],
      requires: references.map((digest) => ({ digest, kind: 'blob' })),
      expect: { tag, noneMatch: [subject] },
    })
  }
  const [layer, other, manifest] = [blobOf(1), blobOf(2), blobOf(3)]
  await store.linkBlob(here, layer, 1000)
  await store.linkBlob(here, other, 0)
  await store.linkBlob(here, blobOf(1, 'used/lost'), 1000)
  await store.mountBlob(here, there, layer.digest, 1000)
  await store.keepBlob(here, layer.digest, 1_000_000)
  await store.keepBlob(here, layer.digest, 1000)
  await put(3, [layer.digest, other.digest], layer.digest)
  await put(3, [layer.digest], layer.digest)
  await put(4, [layer.digest], layer.digest)
  await putIndex(store)
  await store.notePulls?.([{ repository: here, digest: manifest.digest, at: 3_600_000 }])
  await store.pullsSince?.()
  await store.deleteTag(here, tag)
  const page = { after: '', limit: 10 }
  await Promise.all([
    store.hasRepository(here),
    store.countRepository(here),
    store.listRepositories(page),
    store.findBlob(here, layer.digest),
    store.repositoriesWith(layer.digest, 10),
    store.listBlobs(here, page),
    store.findManifest(here, manifest.digest),
    store.resolveTag(here, tag),
    store.listTags(here, page),
    store.listTagRecords(here, page),
    store.listManifests(here, page),
    store.listReferrers(here, layer.digest, { maxBytes: 1000 }),
    store.listReferrers(here, layer.digest, { maxBytes: 1000, artifactType: 'a/b' }),
    store.listMissing(10),
    store.listNamed(page),
    store.knowsKeys([layer, { ...other, digest: null }]),
  ])
  await browse(store)
  await store.relocate(layer, blobOf(1, 'used/moved'))
  await store.markMissing(blobOf(1, 'used/moved'))
  await store.healMissing(blobOf(1, 'used/moved'), blobOf(1, 'used/found'))
  await store.markMissing(blobOf(1, 'used/found'))
  await store.linkBlob(here, blobOf(1, 'used/healed'), 1000)
  await store.unlinkBlob(here, other.digest, { keepNamed: true })
  await store.deleteManifest(here, manifest.digest, { leaseMs: 0, isImmutable: () => false })
  await store.linkBlob(here, blobOf(5), 0)
  for (const blob of await store.condemn(10)) await store.forget(blob)
  await useTrash(store)
  await store.deleteRepository(there)
  await store.deleteRepository(here)
  for (const blob of await store.condemn(10)) await store.forget(blob)
  const empty = repositoryNamed('used/empty')
  await store.linkBlob(empty, layer, 0)
  await store.unlinkBlob(empty, layer.digest)
  await store.deleteEmptyRepositories(10)
  await useOutbox(store)
}

/** The same of what waits to be sent. */
async function useOutbox(store: MetadataStore): Promise<void> {
  const { outbox } = store
  if (outbox === undefined) return
  const here = repositoryNamed('used/outbox')
  const tell = () => [{ endpoints: ['one', 'two'], text: '{}' }]
  for (const number of [10, 11]) {
    const blob = { digest: sampleDigest(900_000 + number), size: 10, key: `used/${number}` }
    await store.linkBlob(here, blob, 0, { tell })
  }
  const options = { limit: 1, forMs: 1000 }
  const claimed = async () => (await outbox.claim(['one', 'two'], options)).entries
  const [first] = await claimed()
  if (first === undefined) throw new Error('nothing can be claimed')
  await outbox.retry(first, { inMs: 0, error: 'refused' })
  for (const entry of await claimed()) await outbox.bury(entry, 'refused')
  await outbox.release(await claimed())
  await outbox.delivered(await claimed())
  await outbox.list({ limit: 10 })
  await outbox.counts()
  const many = Number.MAX_SAFE_INTEGER
  await outbox.trim({ waiting: 1, waitingBytes: many, dead: 1, deadBytes: many })
  await outbox.resend({ endpoint: 'one' }, 10)
  await outbox.drop({ ids: [first.id] }, 10)
  await outbox.drop({ endpoint: 'two', state: 'waiting' }, 10)
  await outbox.drop({}, 10)
}

/** Pushes an index, whose size the store adds up, and the same image with two sizes. */
async function putIndex(store: MetadataStore): Promise<void> {
  const here = repositoryNamed('used/here')
  const tag = tagNamed('used')
  for (const [number, of, contentSize] of [
    [8, 4],
    [9, 8],
    [9, 8, 10],
    [9, 8, 20],
  ] as const) {
    const blob = { digest: sampleDigest(900_000 + number), size: 10, key: `used/${number}` }
    await store.putManifest(here, {
      record: {
        ...{ ...blob, blob, references: [sampleDigest(900_000 + of)] },
        ...{ mediaType: 'application/vnd.oci.image.index.v1+json', pushedBy: 'anna' },
        ...(contentSize === undefined ? {} : { contentSize }),
      },
      ...{ tags: [tag], immutable: [], requires: [] },
    })
  }
}

/** What a page that people look at asks. */
async function browse(store: MetadataStore): Promise<void> {
  const here = repositoryNamed('used/here')
  for (const order of ['name', 'updated', 'version', 'size'] as const) {
    for (const descending of [false, true]) {
      await store.findTags?.(here, { order, descending, limit: 10 })
      await store.findTags?.(here, { order, descending, limit: 1, filter: 'USE' })
    }
  }
  await store.countReferrers?.(here, [sampleDigest(900_001), 'other'])
  await store.summarizeRepositories?.([here, repositoryNamed('used/absent')])
  await store.useOfDigests?.(here, [sampleDigest(900_001), sampleDigest(900_003)])
}

/** The same of what deals with what was deleted. */
async function useTrash(store: MetadataStore): Promise<void> {
  const here = repositoryNamed('used/trash')
  const tag = tagNamed('used')
  const [layer, manifest] = [6, 7].map((number) => {
    return { digest: sampleDigest(900_000 + number), size: 10, key: `used/${number}` }
  }) as [BlobRef, BlobRef]
  await store.linkBlob(here, layer, 0)
  await store.putManifest(here, {
    record: { ...manifest, mediaType: 'a/b', blob: manifest, references: [layer.digest] },
    ...{ tags: [tag], immutable: [], requires: [] },
  })
  const options = { leaseMs: 0, trashMs: 60_000 }
  const restoreAll = async (): Promise<void> => {
    const { items } = (await store.listTrash?.({ limit: 100 }, here)) ?? { items: [] }
    for (const { id } of items) await store.restore?.(here, id, options)
  }
  await store.deleteTag(here, tag, options)
  await restoreAll()
  const conditions = { notSince: 1e15, unlessHas: [layer.digest] }
  await store.deleteManifest(here, manifest.digest, { ...options, ...conditions })
  await restoreAll()
  await store.unlinkBlob(here, layer.digest, options)
  await restoreAll()
  await store.deleteRepository(here, options)
  await store.condemn(10)
  await restoreAll()
  await store.deleteManifest(here, manifest.digest, options)
  const { items } = (await store.listTrash?.({ after: '', limit: 1 })) ?? { items: [] }
  await store.dropTrash?.(
    items.map(({ id }) => id),
    10,
  )
  await store.dropTrash?.('all', 10)
}
