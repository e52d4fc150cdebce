import { describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { Notice } from '../../src/ports/notices.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { copyOf, type Disk, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { observe } from './observation.ts'
import { blobOf, digests, recordOf } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

const [d1, d2] = digests as [(typeof digests)[0], (typeof digests)[0]]
const here = repositoryNamed('a/b')
const trashMs = 1e9
const page = { limit: 10 }
const options = { leaseMs: 1000 }

async function open(disk: Disk, hooks: LogHooks = {}, notices: Notice[] = []): Promise<Store> {
  const log = new MemoryLog(disk, hooks)
  const onNotice = (notice: Notice): void => void notices.push(notice)
  const elapsed = (): number => 0
  return openMetadata({ log, onNotice, elapsed, compactBytes: 1e12, sealAfterMs: 1e9 })
}

/** What is in a repository is tagged in several pushes, so that tags have times of their own. */
async function withTags(store: Store, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1000) {
    const length = Math.min(1000, count - at)
    const tags = Array.from({ length }, (_, index) => tagNamed(`t${at + index}`))
    const times = { pushedAt: 1, updatedAt: tags.map((_, index) => at + index + 10) }
    await store.putManifest(here, {
      record: recordOf(d1),
      ...{ tags, times, requires: [], immutable: [] },
    })
  }
}

async function onlyId(store: Store): Promise<string> {
  const { items } = (await store.listTrash?.(page)) ?? { items: [] }
  expect(items).toHaveLength(1)
  return items[0]?.id ?? ''
}

describe('a repository with a hundred thousand tags', () => {
  test('goes to the trash and comes back with small frames, each in one step', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withTags(store, 100_000)
    const before = disk.journals.get(0)?.length ?? 0
    expect(await store.deleteRepository(here, { trashMs })).toMatchObject({ tags: 100_000 })
    const outcome = await store.restore?.(here, await onlyId(store), options)
    expect(outcome).toMatchObject({ kind: 'restored', entry: { counts: { tags: 100_000 } } })
    expect((disk.journals.get(0)?.length ?? 0) - before).toBeLessThan(300)
    expect((await store.resolveTag(here, tagNamed('t77777')))?.digest).toBe(d1)
    const reopened = await open(copyOf(disk))
    expect(await observe(reopened)).toEqual(await observe(store))
  })
})

describe('a manifest with thousands of tags that comes back in steps', () => {
  const count = 3_500
  const newline = 0x0a

  /** The journal of a store, cut where its process may have died after `from`: behind each frame, and in the middle of it. */
  function cuts(journal: Uint8Array, from: number): readonly number[] {
    const ends = [...journal.keys()].filter((at) => at >= from && journal[at] === newline)
    const starts = [from, ...ends.map((at) => at + 1)]
    return [from, ...ends.flatMap((at, index) => [((starts[index] ?? from) + at) >> 1, at + 1])]
  }

  test('is whole, or can be brought back whole, wherever the process died', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withTags(store, count)
    await store.deleteManifest(here, d1, { isImmutable: null, leaseMs: 1000, trashMs })
    const id = await onlyId(store)
    const from = disk.journals.get(0)?.length ?? 0
    expect(await store.restore?.(here, id, options)).toMatchObject({ kind: 'restored' })
    const journal = disk.journals.get(0) ?? new Uint8Array()
    const whole = await observe(store)
    const tagsFound: number[] = []
    for (const cut of cuts(journal, from)) {
      const cutDisk = {
        ...copyOf(disk),
        journals: new Map([[0, journal.slice(0, cut)]]),
        seal: null,
      }
      const after = await open(cutDisk)
      const tags = (await after.countRepository(here))?.tags ?? 0
      tagsFound.push(tags)
      const left = (await after.listTrash?.(page))?.items ?? []
      expect(left.map((entry) => entry.id)).toEqual(tags === count ? [] : [id])
      if (tags < count) {
        const again = await after.restore?.(here, id, options)
        expect(again).toMatchObject({ kind: 'restored', leftCount: 0 })
      }
      expect(await observe(after)).toEqual(whole)
      // What the second restoration wrote is read as well.
      expect(await observe(await open(copyOf(cutDisk)))).toEqual(whole)
    }
    expect([...new Set(tagsFound)]).toEqual([0, 1_000, 2_000, 3_000, count])
  })
})

describe('a tag of a deleted manifest', () => {
  test('keeps its time where it is set to another before it was taken out', async () => {
    const disk = emptyDisk()
    const store = await open(disk)
    await withTags(store, 3000)
    const before = await store.listTagRecords(here, { limit: 5000 })
    const deleting = store.deleteManifest(here, d1, { leaseMs: 1000, trashMs })
    const tag = tagNamed('t2999')
    const change = { record: recordOf(d2), tags: [tag], requires: [], immutable: [] }
    await Promise.all([deleting, store.putManifest(here, change)])
    await store.deleteTag(here, tag)
    for (const each of [store, await open(copyOf(disk))]) {
      await each.restore?.(here, await onlyId(each), options)
      expect(await each.listTagRecords(here, { limit: 5000 })).toEqual(before)
    }
  })
})

test('a snapshot has the times of tags that are taken out while it is written', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const store = await open(disk, hooks)
  await withTags(store, 3000)
  const blobs = Array.from({ length: 1500 }, (_, number) => sampleDigest(100 + number))
  await Promise.all(blobs.map((blob) => store.linkBlob(here, blobOf(blob), 1e9)))
  await Promise.all(blobs.map((blob) => store.unlinkBlob(here, blob, { trashMs })))
  const before = await store.listTagRecords(here, { limit: 5000 })
  let chunks = 0
  let deleting: Promise<unknown> | null = null
  hooks.chunk = async () => {
    chunks += 1
    // In the middle of the trash, and so that it is in the trash before the writer goes on.
    if (chunks === 2) deleting = store.deleteManifest(here, d1, { leaseMs: 1000, trashMs })
    if (chunks === 2) await deleting
  }
  await store.compact()
  await deleting
  const reopened = await open(copyOf(disk))
  const { items } = (await reopened.listTrash?.({ limit: 2000 })) ?? { items: [] }
  expect(items).toHaveLength(1501)
  await reopened.restore?.(here, items.at(-1)?.id ?? '', options)
  expect(await reopened.listTagRecords(here, { limit: 5000 })).toEqual(before)
})

test('a repository that comes back while a snapshot is written is in the next one', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const notices: Notice[] = []
  const store = await open(disk, hooks, notices)
  await withTags(store, 2000)
  for (let number = 1; number < 2000; number += 1) {
    void store.linkBlob(repositoryNamed('z'), blobOf(sampleDigest(100 + number)), 1e9)
  }
  await store.deleteRepository(here, { trashMs })
  const id = await onlyId(store)
  let restoring: Promise<unknown> | null = null
  hooks.chunk = () => {
    restoring ??= store.restore?.(here, id, options) ?? null
  }
  await store.compact()
  expect(await restoring).toMatchObject({ kind: 'restored' })
  expect(notices).toEqual([])
  expect([...disk.snapshots.keys()]).toEqual([2])
  const reopened = await open(copyOf(disk))
  expect(await reopened.countRepository(here)).toMatchObject({ tags: 2000 })
  expect(await observe(reopened)).toEqual(await observe(store))
})

test('an id is not given again after a restart, also where the clock went back', async () => {
  let disk = emptyDisk()
  const ids = new Set<string>()
  for (const time of [5000, 5000, 1000, 1000]) {
    const store = await openMetadata({ log: new MemoryLog(disk), clock: () => time })
    for (const digest of [d1, d2]) {
      await store.linkBlob(here, blobOf(digest, ids.size), 0)
      await store.unlinkBlob(here, digest, { trashMs })
      ids.add(await onlyId(store))
      await store.dropTrash?.('all', 10)
    }
    await store.compact()
    await store.close()
    disk = copyOf(disk)
  }
  expect(ids.size).toBe(8)
})

describe('where there is no room for the change', () => {
  test('what was to be deleted is there, and not in the trash', async () => {
    const hooks: LogHooks = {}
    const store = await open(emptyDisk(), hooks)
    await withTags(store, 3)
    const before = await observe(store)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    const full = { kind: 'storageFull' }
    await expect(store.deleteTag(here, tagNamed('t1'), { trashMs })).rejects.toMatchObject(full)
    const deleting = store.deleteManifest(here, d1, { leaseMs: 1, trashMs })
    await expect(deleting).rejects.toMatchObject(full)
    await expect(store.deleteRepository(here, { trashMs })).rejects.toMatchObject(full)
    expect(await observe(store)).toEqual(before)
  })

  test('what was to come back is in the trash, and can be brought back later', async () => {
    const hooks: LogHooks = {}
    const disk = emptyDisk()
    const store = await open(disk, hooks)
    await withTags(store, 3)
    const whole = await observe(store)
    for (const remove of [
      () => store.deleteRepository(here, { trashMs }),
      () => store.deleteManifest(here, d1, { leaseMs: 1e9, trashMs }),
      () => store.deleteTag(here, tagNamed('t1'), { trashMs }),
    ]) {
      await remove()
      const before = await observe(store)
      const id = await onlyId(store)
      hooks.append = () => {
        throw new RegistryError('storageFull')
      }
      await expect(store.restore?.(here, id, options)).rejects.toMatchObject({
        kind: 'storageFull',
      })
      await expect(store.dropTrash?.('all', 1)).rejects.toMatchObject({ kind: 'storageFull' })
      expect(await observe(store)).toEqual(before)
      delete hooks.append
      expect(await store.restore?.(here, id, options)).toMatchObject({ kind: 'restored' })
      expect(await observe(store)).toEqual(whole)
    }
    expect(await observe(await open(copyOf(disk)))).toEqual(whole)
  })
})
