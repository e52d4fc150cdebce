import { describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { Notice } from '../../src/ports/notices.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { copyOf, type Disk, diskOf, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { observe } from './observation.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

const [here, there] = repositories as [(typeof repositories)[0], (typeof repositories)[0]]
const [tag, other] = tags as [(typeof tags)[0], (typeof tags)[0]]
const [d1, d2, d3] = digests as [(typeof digests)[0], (typeof digests)[0], (typeof digests)[0]]
const [subject] = subjects as [string]
const page = { limit: 10 }
/** A change without tags and requirements. */
const nothing = { tags: [], requires: [], immutable: [] }

interface Bench {
  readonly store: Store
  readonly disk: Disk
  readonly hooks: LogHooks
  readonly notices: Notice[]
}

async function bench(): Promise<Bench> {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const notices: Notice[] = []
  const log = new MemoryLog(disk, hooks)
  const store = await openMetadata({ log, onNotice: (notice) => notices.push(notice) })
  return { store, disk, hooks, notices }
}

/** Holds the next append back; what is returned first waits for it to begin. */
function holdAppend(hooks: LogHooks): { begun: Promise<void>; go(error?: Error): void } {
  let begin = (): void => {}
  let go = (_?: Error): void => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const held = new Promise<void>((resolve, reject) => {
    go = (error) => (error === undefined ? resolve() : reject(error))
  })
  hooks.append = () => {
    delete hooks.append
    begin()
    return held
  }
  return { begun, go: (error) => go(error) }
}

/** Whether a promise has settled by the time everything that can run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol()
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

const put = (store: Store, digest: typeof d1, name: typeof tag): Promise<unknown> =>
  store.putManifest(here, {
    record: recordOf(digest, { subject }),
    tags: [name],
    requires: [],
    immutable: [],
  })

describe('what is not yet durable', () => {
  const readers: ReadonlyArray<readonly [string, (store: Store) => Promise<unknown>, unknown]> = [
    ['the tag', (store) => store.resolveTag(here, tag).then((found) => found?.digest), d2],
    ['the manifest', (store) => store.findManifest(here, d2).then((found) => found?.digest), d2],
    ['the tags', (store) => store.listTags(here, page), { items: [tag], more: false }],
    ['the repositories', (store) => store.listRepositories(page), { items: [here], more: false }],
    ['whether there is a repository', (store) => store.hasRepository(here), true],
    [
      'the referrers',
      (store) =>
        store.listReferrers(here, subject, { maxBytes: 1e6 }).then((it) => it.items.length),
      1,
    ],
    ['whether the key is known', (store) => store.knowsKeys([blobOf(d2)]), [true]],
    [
      'tags with digests',
      (store) => store.listTagRecords(here, page).then((it) => it?.items.length),
      1,
    ],
    ['the manifests', (store) => store.listManifests(here, page).then((it) => it?.items.length), 1],
    [
      'what is counted',
      async (store) => {
        const { pushedAt = 0, ...counts } = (await store.countRepository(here)) ?? {}
        return { ...counts, isPushed: pushedAt > 0 }
      },
      { manifests: 1, tags: 1, blobs: 0, bytes: blobOf(d2).size, isPushed: true },
    ],
  ]
  test.each(readers)('is waited for: %s', async (_, read, value) => {
    const { store, hooks } = await bench()
    const held = holdAppend(hooks)
    const writing = put(store, d2, tag)
    await held.begun
    const reading = read(store)
    expect(await isSettled(reading)).toBe(false)
    held.go()
    expect(await reading).toEqual(value)
    await writing
  })

  test.each(readers)('is not seen when it fails: %s', async (_, read, value) => {
    const { store, hooks } = await bench()
    const before = await read(store)
    const held = holdAppend(hooks)
    const writing = put(store, d2, tag)
    await held.begun
    const reading = read(store)
    held.go(new RegistryError('storageFull'))
    await expect(writing).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await reading).toEqual(before)
    await put(store, d2, tag)
    expect(await read(store)).toEqual(value)
  })

  test('is waited for: a blob, who has it, and its end', async () => {
    const { store, hooks } = await bench()
    const linking = holdAppend(hooks)
    const link = store.linkBlob(here, blobOf(d1), 0)
    await linking.begun
    const found = store.findBlob(here, d1)
    const kept = store.keepBlob(here, d1, 1e6)
    const where = store.repositoriesWith(d1, 5)
    const all = store.listBlobs(here, page)
    expect(await isSettled(Promise.race([found, kept, where, all]))).toBe(false)
    linking.go()
    expect([await link, await found, await kept]).toEqual([blobOf(d1), blobOf(d1), blobOf(d1)])
    expect([await where, (await all)?.items]).toEqual([[here], [blobOf(d1)]])
    expect(await store.condemn(10)).toEqual([])
    const unlinking = holdAppend(hooks)
    const unlink = store.unlinkBlob(here, d1)
    await unlinking.begun
    const foundAgain = store.findBlob(here, d1)
    expect(await isSettled(foundAgain)).toBe(false)
    unlinking.go()
    expect([await unlink, await foundAgain]).toEqual(['removed', null])
  })

  test.each([
    ['a tag that comes', (store: Store) => put(store, d1, other), [other, tag].sort()],
    ['a tag that goes', (store: Store) => store.deleteTag(here, tag), []],
    [
      'the tags of a manifest that goes',
      (store: Store) => store.deleteManifest(here, d1, { leaseMs: 0 }),
      [],
    ],
  ])('is waited for by the list of tags: %s', async (_, write, items) => {
    const { store, hooks } = await bench()
    await put(store, d1, tag)
    const held = holdAppend(hooks)
    const writing = write(store)
    await held.begun
    const reading = store.listTags(here, page)
    expect(await isSettled(reading)).toBe(false)
    held.go()
    expect(await reading).toEqual({ items, more: false })
    await writing
  })

  test('is waited for by a tag whose manifest is recorded again', async () => {
    const { store, hooks } = await bench()
    await put(store, d1, tag)
    const held = holdAppend(hooks)
    const { pushedAt: _, ...record } = recordOf(d1, { annotations: [['new', 'yes']] })
    const writing = store.putManifest(here, { record, tags: [], requires: [], immutable: [] })
    await held.begun
    const reading = store.resolveTag(here, tag)
    const listing = store.listReferrers(here, subject, { maxBytes: 1e6 })
    expect(await isSettled(Promise.race([reading, listing]))).toBe(false)
    held.go()
    expect((await reading)?.annotations).toEqual([['new', 'yes']])
    expect((await listing).items).toEqual([])
    await writing
  })

  test('is not waited for by readers of anything else', async () => {
    const { store, hooks } = await bench()
    await put(store, d1, tag)
    await store.linkBlob(there, blobOf(d1), 1)
    const held = holdAppend(hooks)
    const writing = put(store, d2, other)
    await held.begun
    expect((await store.resolveTag(here, tag))?.digest).toBe(d1)
    expect(await store.findBlob(there, d1)).toEqual(blobOf(d1))
    expect(await store.listTags(there, page)).toEqual({ items: [], more: false })
    expect((await store.listRepositories(page)).items).toHaveLength(2)
    held.go()
    await writing
  })

  test('moves a tag from the old to the new, and an endless row of writers starves no reader', async () => {
    const { store } = await bench()
    await put(store, d1, tag)
    let isDone = false
    let rounds = 0
    const writer = async (digest: typeof d1): Promise<void> => {
      for (; !isDone && rounds < 10_000; rounds += 1) await put(store, digest, tag)
    }
    const writers = [writer(d1), writer(d2), writer(d3)]
    for (let read = 0; read < 50; read += 1) {
      expect([d1, d2, d3]).toContain((await store.resolveTag(here, tag))?.digest)
    }
    isDone = true
    expect(rounds).toBeLessThan(10_000)
    await Promise.all(writers)
  })

  test('is waited for by a change that has nothing left to do', async () => {
    const { store, hooks } = await bench()
    const held = holdAppend(hooks)
    const first = put(store, d1, tag)
    await held.begun
    const again = put(store, d1, tag)
    expect(await isSettled(again)).toBe(false)
    held.go(new RegistryError('storageFull'))
    await expect(first).rejects.toMatchObject({ kind: 'storageFull' })
    // The first came to nothing, so the second had something to do after all.
    expect(await again).toMatchObject({ kind: 'stored', created: true })
    expect((await store.resolveTag(here, tag))?.digest).toBe(d1)
  })
})

describe('many at a time', () => {
  test('changes that wait together are one frame', async () => {
    const { store, hooks, disk } = await bench()
    const held = holdAppend(hooks)
    const first = store.linkBlob(here, blobOf(d1), 1)
    await held.begun
    const rest = [d1, d2, d3].flatMap((digest) => [
      store.linkBlob(there, blobOf(digest), 1),
      put(store, digest, tag),
    ])
    expect(store.status().pending).toBe(7)
    held.go()
    await Promise.all([first, ...rest])
    expect(store.status()).toMatchObject({ sequence: 2, pending: 0 })
    const journal = new TextDecoder().decode(disk.journals.get(0))
    expect(journal.trimEnd().split('\n')).toHaveLength(2)
  })

  test('what changes nothing is not journalled', async () => {
    const { store } = await bench()
    await put(store, d1, tag)
    await store.linkBlob(here, blobOf(d2), 60_000)
    const { sequence } = store.status()
    await store.linkBlob(here, blobOf(d2), 50)
    await store.mountBlob(here, here, d2, 60)
    await store.deleteTag(here, other)
    await store.deleteManifest(there, d1, { leaseMs: 1 })
    await store.unlinkBlob(there, d2)
    await store.deleteRepository(there)
    await store.deleteEmptyRepositories(10)
    await store.markMissing(blobOf(d3))
    await store.condemn(10)
    await store.forget(blobOf(d3))
    expect(store.status().sequence).toBe(sequence)
  })

  test('a blob that is asked for again and again is seldom journalled', async () => {
    const disk = emptyDisk()
    const clock = fakeClock()
    const log = new MemoryLog(disk)
    const store = await openMetadata({ log, clock: clock.now, elapsed: clock.now })
    const hour = 3_600_000
    await store.linkBlob(here, blobOf(d1), 24 * hour)
    await store.linkBlob(here, blobOf(d2), 24 * hour)
    await store.keepBlob(here, d1, 24 * hour)
    expect(store.status().sequence).toBe(2)
    for (let round = 0; round < 24 * 7; round += 1) {
      clock.advance(hour)
      await store.keepBlob(here, d1, 24 * hour)
    }
    expect(store.status().sequence).toBeLessThan(18)
    await store.putManifest(here, { record: recordOf(d3, { references: [d1] }), ...nothing })
    const { sequence } = store.status()
    clock.advance(90 * 24 * hour)
    expect(await store.keepBlob(here, d1, 24 * hour)).toEqual(blobOf(d1))
    expect(store.status().sequence).toBe(sequence)
  })

  test('a push without tags leaves a journal that can be read', async () => {
    const { store, disk } = await bench()
    await store.putManifest(here, { record: recordOf(d1), ...nothing })
    const view = await observe(store)
    const reopened = await openMetadata({ log: new MemoryLog(copyOf(disk)) })
    expect(await observe(reopened)).toEqual(view)
    expect(view).toMatchObject({ repositories: [here] })
  })

  test('a record whose bytes would be something else is refused alone', async () => {
    const { store } = await bench()
    const record = recordOf(d1, { blob: blobOf(d2) })
    const [refused, stored] = await Promise.allSettled([
      store.putManifest(here, { record, tags: [], requires: [], immutable: [] }),
      put(store, d3, tag),
    ])
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) })
    expect(stored.status).toBe('fulfilled')
  })

  test('a manifest that fits no frame is refused, and the rest of its batch is stored', async () => {
    const { store, disk } = await bench()
    const annotations = [['huge', 'x'.repeat(33 * 1024 * 1024)]] as const
    const huge = { record: recordOf(d1, { annotations }), tags: [tag], requires: [], immutable: [] }
    const [refused, stored] = await Promise.allSettled([
      store.putManifest(there, huge),
      put(store, d2, tag),
    ])
    expect(refused).toMatchObject({ status: 'rejected', reason: { kind: 'manifestTooLarge' } })
    expect(stored.status).toBe('fulfilled')
    expect(await store.hasRepository(there)).toBe(false)
    expect(disk.journals.get(0)?.length).toBeLessThan(2000)
  })
})

describe('when the disk is full', () => {
  test('the batch is taken back whole, and later ones go on', async () => {
    const { store, disk, hooks, notices } = await bench()
    await store.linkBlob(here, blobOf(d1), 0)
    await put(store, d2, tag)
    const before = await observe(store)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    const refused = await Promise.allSettled([
      store.unlinkBlob(here, d1),
      store.linkBlob(there, blobOf(d1, 1), 1),
      store.deleteManifest(here, d2, { leaseMs: 0 }),
      store.deleteRepository(here),
      put(store, d3, other),
      store.condemn(10),
    ])
    for (const each of refused) expect(each).toMatchObject({ reason: { kind: 'storageFull' } })
    expect(await observe(store)).toEqual(before)
    expect(store.status()).toMatchObject({ state: 'full', sequence: 2 })
    await expect(put(store, d3, other)).rejects.toMatchObject({ kind: 'storageFull' })
    await store.check?.()
    expect(notices).toEqual([{ ...condition, state: 'full', reason: 'there is no room left' }])
    delete hooks.append
    expect(await store.deleteManifest(here, d2, { leaseMs: 0 })).toMatchObject({
      tags: [tag],
      tagCount: 1,
    })
    expect(store.status()).toMatchObject({ state: 'ok', sequence: 3 })
    const after = await observe(store)
    const reopened = await openMetadata({ log: new MemoryLog(copyOf(disk)) })
    expect(await observe(reopened)).toEqual(after)
    expect(notices.slice(1)).toEqual([{ ...condition, state: 'ok', reason: null }])
  })
})

/** What notices of the metadata's condition have in common. */
const condition = { kind: 'store-condition', part: 'metadata', error: null } as const

test('a sink of notices that throws harms nothing', async () => {
  const hooks: LogHooks = {}
  let told = 0
  const store = await openMetadata({
    log: new MemoryLog(emptyDisk(), hooks),
    onNotice: () => {
      told += 1
      throw new Error('no notices today')
    },
  })
  hooks.append = () => {
    throw new RegistryError('storageFull')
  }
  const refused = [put(store, d1, tag), put(store, d2, tag)]
  for (const each of await Promise.allSettled(refused)) expect(each.status).toBe('rejected')
  delete hooks.append
  await put(store, d1, tag)
  hooks.chunk = () => {
    throw new Error('no snapshot today')
  }
  await store.compact()
  await put(store, d2, tag)
  expect((await store.resolveTag(here, tag))?.digest).toBe(d2)
  expect(told).toBe(3)
})

describe('when a sync fails', () => {
  test('nothing is written any more, and reads go on with what is durable', async () => {
    const { store, disk, hooks, notices } = await bench()
    await put(store, d1, tag)
    const before = await observe(store)
    const failure = new Error('EIO')
    const held = holdAppend(hooks)
    const failing = put(store, d2, tag)
    await held.begun
    const behind = put(store, d3, tag)
    const reading = store.resolveTag(here, tag)
    held.go(failure)
    await expect(failing).rejects.toMatchObject({ kind: 'storageReadOnly', cause: failure })
    await expect(behind).rejects.toMatchObject({ kind: 'storageReadOnly' })
    expect((await reading)?.digest).toBe(d1)
    await expect(store.deleteTag(here, tag)).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(store.linkBlob(here, blobOf(d1), 1)).rejects.toMatchObject({
      kind: 'storageReadOnly',
    })
    expect(await observe(store)).toMatchObject({ each: (before as { each: unknown }).each })
    expect(store.status()).toMatchObject({ state: 'read-only', pending: 0, sequence: 1 })
    expect(notices).toEqual([{ kind: 'store-read-only', error: failure }])

    const frozen = copyOf(disk)
    await store.compact()
    await store.close()
    expect(disk).toEqual(frozen)
  })

  test('every key counts as known, for the journal may name it after the next start', async () => {
    const { store, hooks } = await bench()
    hooks.append = () => {
      throw new Error('EIO')
    }
    await expect(put(store, d2, tag)).rejects.toMatchObject({ kind: 'storageReadOnly' })
    const { key } = blobOf(d2)
    expect(await store.knowsKeys([blobOf(d2), { key, digest: null }])).toEqual([true, true])
    await expect(store.condemn(10)).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(store.check?.()).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })
})

describe('the seal', () => {
  test('follows the last change when nothing else does', async () => {
    const disk = emptyDisk()
    const appended: number[] = []
    let sealed = (): void => {}
    const seal = new Promise<void>((resolve) => {
      sealed = resolve
    })
    const hooks: LogHooks = {
      append(bytes) {
        appended.push(bytes.length)
        if (appended.length === 2) sealed()
      },
    }
    const log = new MemoryLog(disk, hooks)
    const store = await openMetadata({ log, sealAfterMs: 1 })
    await put(store, d1, tag)
    await seal
    await store.compact()
    const reopened = await openMetadata({ log: new MemoryLog(disk) })
    expect((await reopened.resolveTag(here, tag))?.digest).toBe(d1)
    // Sealed already, so the rotation adds no second seal.
    expect(appended).toHaveLength(2)
    await store.close()
  })
})

test('a log that cannot be read is closed again', async () => {
  const log = new MemoryLog(diskOf([[1, new Uint8Array(9)]], []))
  await expect(openMetadata({ log })).rejects.toThrow('snapshot.1')
  expect(log.closed).toBe(true)
})

test('time that was open is noted with changes, and by collections that find nothing', async () => {
  const disk = emptyDisk()
  const clock = fakeClock()
  const open = (): Promise<Store> =>
    openMetadata({ log: new MemoryLog(disk), elapsed: clock.now, clock: clock.now })
  const first = await open()
  expect(first.status().openMs).toBe(0)
  clock.advance(5000)
  await first.linkBlob(here, blobOf(d1), 10_000)
  clock.advance(999)
  await first.condemn(10)
  const second = await open()
  expect(second.status().openMs).toBe(5000)
  clock.advance(60_000)
  expect(await second.condemn(10)).toEqual([blobOf(d1)])
  await second.forget(blobOf(d1))
  clock.advance(60_000)
  expect(await second.condemn(10)).toEqual([])
  const { sequence } = second.status()
  await second.condemn(10)
  expect(second.status().sequence).toBe(sequence)
  const third = await open()
  expect(third.status().openMs).toBe(125_000)
  clock.advance(3000)
  await third.close()
  expect((await open()).status().openMs).toBe(128_000)
})

test('no jump of a clock ends a lease early, between runs or within one', async () => {
  const tenYears = 10 * 365 * 24 * 3600 * 1000
  const disk = emptyDisk()
  let time = 1_700_000_000_000
  let elapsed = 0
  const open = (): Promise<Store> =>
    openMetadata({ log: new MemoryLog(disk), clock: () => time, elapsed: () => elapsed })
  let store = await open()
  await store.linkBlob(here, blobOf(d1), 1000)
  for (const jump of [tenYears, -2 * tenYears, tenYears]) {
    time += jump
    elapsed += 100
    expect(await store.condemn(10)).toEqual([])
    expect(await store.keepBlob(here, d1, 1)).toEqual(blobOf(d1))
    await store.close()
    // Another machine may count from anywhere.
    elapsed = Math.abs(jump) / 1000
    store = await open()
  }
  elapsed += 1600
  expect(await store.condemn(10)).toEqual([blobOf(d1)])
})

test('bytes condemned before a crash are condemned again after it', async () => {
  const disk = emptyDisk()
  const first = await openMetadata({ log: new MemoryLog(disk) })
  await first.linkBlob(here, blobOf(d1), 0)
  expect(await first.condemn(10)).toEqual([blobOf(d1)])
  for (const compacted of [false, true]) {
    if (compacted) await first.compact()
    const second = await openMetadata({ log: new MemoryLog(copyOf(disk)) })
    expect(await second.condemn(10)).toEqual([blobOf(d1)])
  }
})
