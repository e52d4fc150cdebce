import { describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { Tag } from '../../src/oci/tag.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { copyOf, type Disk, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { observe } from './observation.ts'
import { blobOf, digests, recordOf } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

const [d1, d2, d3] = digests as [(typeof digests)[0], (typeof digests)[0], (typeof digests)[0]]
const here = repositoryNamed('a/b')
const count = 100_000
const blobCount = 20_000
const page = { limit: 10 }
/** As long as a tag can be. */
const tagOf = (number: number): Tag => tagNamed(`v${number}`.padEnd(128, '-'))
const allTags = Array.from({ length: count }, (_, number) => tagOf(number))

async function open(disk: Disk, hooks: LogHooks = {}): Promise<Store> {
  return openMetadata({ log: new MemoryLog(disk, hooks), compactBytes: 1e12, sealAfterMs: 1e9 })
}

async function withManyTags(store: Store): Promise<void> {
  for (let at = 0; at < count; at += 1000) {
    const tags = allTags.slice(at, at + 1000)
    await store.putManifest(here, { record: recordOf(d1), tags, requires: [], immutable: [] })
  }
  await store.putManifest(here, {
    record: recordOf(d2),
    tags: [tagNamed('kept')],
    requires: [],
    immutable: [],
  })
}

async function withManyBlobs(store: Store): Promise<void> {
  for (let at = 0; at < blobCount; at += 1000) {
    const links = Array.from({ length: 1000 }, (_, index) => {
      const number = 1000 + at + index
      const blob = { digest: sampleDigest(number), size: 1, key: `key ${number}` }
      return store.linkBlob(here, blob, 1e9)
    })
    await Promise.all(links)
  }
}

/** How often others had their turn until something is done. */
async function turnsUntil(done: Promise<unknown>): Promise<number> {
  let turns = 0
  let isDone = false
  const counting = (async () => {
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      turns += 1
    }
  })()
  await done
  isDone = true
  await counting
  return turns
}

describe('a manifest with a hundred thousand long tags', () => {
  test('goes with one small frame, at once, and its tags a few at a time', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withManyTags(store)
    const before = disk.journals.get(0)?.length ?? 0
    const removed = await store.deleteManifest(here, d1, { leaseMs: 1000 })
    const tags = [...allTags].sort().slice(0, 1000)
    expect(removed).toMatchObject({ kind: 'removed', tagCount: count, tags })
    expect((disk.journals.get(0)?.length ?? 0) - before).toBeLessThan(250)
    expect(await store.resolveTag(here, tagOf(7))).toBeNull()
    expect(await store.countRepository(here)).toMatchObject({ manifests: 1, tags: 1, blobs: 0 })
    const listing = store.listTags(here, page)
    // A tag of it that is set again, before all of the old ones are out, is a new one.
    const again = { record: recordOf(d3), tags: [tagOf(count - 1)], requires: [], immutable: [] }
    expect(await store.putManifest(here, again)).toMatchObject({ previous: [null] })
    const listingAgain = store.listTagRecords(here, page)
    expect(await turnsUntil(listingAgain)).toBeGreaterThan(1)
    expect((await listing)?.items).toContain('kept')
    expect((await listingAgain)?.items.map(({ tag }) => tag)).toEqual(['kept', tagOf(count - 1)])
    const reopened = await open(copyOf(disk))
    expect(await observe(reopened)).toEqual(await observe(store))
    expect((await reopened.listTags(here, page))?.items).toEqual(['kept', tagOf(count - 1)])
  })

  test('is there with all its tags when its deletion fails', async () => {
    const disk = emptyDisk()
    const hooks: LogHooks = {}
    const store = await open(disk, hooks)
    await withManyTags(store)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    await expect(store.deleteManifest(here, d1, { leaseMs: 1 })).rejects.toMatchObject({
      kind: 'storageFull',
    })
    expect((await store.resolveTag(here, tagOf(7)))?.digest).toBe(d1)
    expect(await store.countRepository(here)).toMatchObject({ tags: count + 1 })
    expect((await store.listTags(here, { limit: 5 }))?.items).toHaveLength(5)
  })
})

test.each([
  ['a list of tags', (store: Store) => store.listTagRecords(here, page)],
  ['a collection', (store: Store) => store.condemn(10)],
  ['a list of what is missing', (store: Store) => store.listMissing(10)],
])('%s that waits for a deletion goes on when that fails', async (_, read) => {
  const hooks: LogHooks = {}
  const store = await open(emptyDisk(), hooks)
  await store.putManifest(here, {
    record: recordOf(d1),
    tags: [tagNamed('a')],
    requires: [],
    immutable: [],
  })
  let fail = (): void => {}
  const begun = new Promise<void>((begin) => {
    hooks.append = () => {
      delete hooks.append
      begin()
      return new Promise<void>((_, reject) => {
        fail = () => reject(new RegistryError('storageFull'))
      })
    }
  })
  const deleting = store.deleteManifest(here, d1, { leaseMs: 1 })
  const dropping = store.deleteRepository(here)
  await begun
  const reading = read(store)
  fail()
  await expect(deleting).rejects.toMatchObject({ kind: 'storageFull' })
  await dropping.catch(() => {})
  expect(await reading).toBeDefined()
})

describe('a repository with tens of thousands of blobs', () => {
  test('goes with one small frame, at once, and its blobs a few at a time', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withManyBlobs(store)
    await store.putManifest(here, {
      record: recordOf(d1),
      tags: [tagNamed('a')],
      requires: [],
      immutable: [],
    })
    const before = disk.journals.get(0)?.length ?? 0
    const counts = { manifests: 1, tags: 1, blobs: blobCount, bytes: recordOf(d1).size }
    expect(await store.deleteRepository(here)).toMatchObject(counts)
    expect((disk.journals.get(0)?.length ?? 0) - before).toBeLessThan(100)
    expect(await store.hasRepository(here)).toBe(false)
    expect(await store.repositoriesWith(sampleDigest(1000), 10)).toEqual([])
    // What is pushed meanwhile does not get a key of the repository that is gone.
    const fresh = { digest: sampleDigest(1000 + blobCount - 1), size: 1, key: 'fresh' }
    expect(await store.linkBlob(here, fresh, 1e9)).toEqual(fresh)
    const condemning = store.condemn(2 * blobCount)
    expect(await turnsUntil(condemning)).toBeGreaterThan(1)
    expect(await condemning).toHaveLength(blobCount + 1)
    const reopened = await open(copyOf(disk))
    expect(await reopened.condemn(2 * blobCount)).toHaveLength(blobCount + 1)
    expect(await reopened.listBlobs(here, page)).toEqual({ items: [fresh], more: false })
  })

  test('is there with all of them when its deletion fails', async () => {
    const hooks: LogHooks = {}
    const store = await open(emptyDisk(), hooks)
    await withManyBlobs(store)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    await expect(store.deleteRepository(here)).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await store.countRepository(here)).toMatchObject({ blobs: blobCount })
    expect(await store.findBlob(here, sampleDigest(1000))).not.toBeNull()
    expect(await store.condemn(10)).toEqual([])
  })

  test('is in no snapshot that is written while it goes, and its bytes are garbage in each', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withManyBlobs(store)
    await store.linkBlob(repositoryNamed('z'), blobOf(d1), 1e9)
    await store.deleteRepository(here)
    await store.compact()
    expect([...disk.snapshots.keys()]).toEqual([1])
    const reopened = await open(copyOf(disk))
    expect(reopened.status()).toMatchObject({ repositories: 1, blobs: 1, condemned: blobCount })
  })
})
