import { describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { RegistryEvent } from '../../src/ports/events.ts'
import { copyOf, type Disk, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { observe } from './model.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

const [here, there] = repositories as [(typeof repositories)[0], (typeof repositories)[0]]
const [tag, other] = tags as [(typeof tags)[0], (typeof tags)[0]]
const [d1, d2, d3] = digests as [(typeof digests)[0], (typeof digests)[0], (typeof digests)[0]]
const [subject] = subjects as [string]
const page = { limit: 10 }

interface Bench {
  readonly store: Store
  readonly disk: Disk
  readonly hooks: LogHooks
  readonly events: RegistryEvent[]
}

async function bench(): Promise<Bench> {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const events: RegistryEvent[] = []
  const log = new MemoryLog(disk, hooks)
  const store = await openMetadata({ log, leaseMs: 1, events: (event) => events.push(event) })
  return { store, disk, hooks, events }
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
  store.putManifest(here, { record: recordOf(digest, { subject }), tags: [name], requires: [] })

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
    ['whether the bytes are held', (store) => store.isHeld(blobOf(d2)), true],
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
    const link = store.linkBlob(here, blobOf(d1), 5)
    await linking.begun
    const found = store.findBlob(here, d1, 99)
    const where = store.repositoriesWith(d1, 5)
    expect(await isSettled(Promise.race([found, where]))).toBe(false)
    linking.go()
    expect([await link, await found, await where]).toEqual([blobOf(d1), blobOf(d1), [here]])
    expect(await store.condemn(99, 10)).toEqual([])
    const unlinking = holdAppend(hooks)
    const unlink = store.unlinkBlob(here, d1)
    await unlinking.begun
    const foundAgain = store.findBlob(here, d1)
    expect(await isSettled(foundAgain)).toBe(false)
    unlinking.go()
    expect([await unlink, await foundAgain]).toEqual([true, null])
  })

  test.each([
    ['a tag that comes', (store: Store) => put(store, d1, other), [other, tag].sort()],
    ['a tag that goes', (store: Store) => store.deleteTag(here, tag), []],
    ['the tags of a manifest that goes', (store: Store) => store.deleteManifest(here, d1), []],
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

  test('is waited for by a tag whose manifest is recorded anew', async () => {
    const { store, hooks } = await bench()
    await put(store, d1, tag)
    const held = holdAppend(hooks)
    const record = recordOf(d1, { annotations: [['new', 'yes']] })
    const writing = store.putManifest(here, { record, tags: [], requires: [] })
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
    expect(await again).toEqual({ kind: 'stored' })
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
    await store.linkBlob(here, blobOf(d2), 1)
    const { sequence } = store.status()
    await put(store, d1, tag)
    await store.linkBlob(here, blobOf(d2), 50)
    await store.mountBlob(here, here, d2, 60)
    await store.deleteTag(here, other)
    await store.deleteManifest(there, d1)
    await store.unlinkBlob(there, d2)
    await store.condemn(0, 10)
    await store.forget(blobOf(d3))
    expect(store.status().sequence).toBe(sequence)
  })

  test('a record whose bytes would be something else is refused alone', async () => {
    const { store } = await bench()
    const record = recordOf(d1, { blob: blobOf(d2) })
    const [refused, stored] = await Promise.allSettled([
      store.putManifest(here, { record, tags: [], requires: [] }),
      put(store, d3, tag),
    ])
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) })
    expect(stored.status).toBe('fulfilled')
  })

  test('a manifest that fits no frame is refused, and the rest of its batch is stored', async () => {
    const { store, disk } = await bench()
    const annotations = [['huge', 'x'.repeat(33 * 1024 * 1024)]] as const
    const huge = { record: recordOf(d1, { annotations }), tags: [tag], requires: [] }
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
    const { store, disk, hooks, events } = await bench()
    await store.linkBlob(here, blobOf(d1), 1)
    await put(store, d2, tag)
    const before = await observe(store)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    const refused = await Promise.allSettled([
      store.unlinkBlob(here, d1),
      store.linkBlob(there, blobOf(d1), 1),
      store.deleteManifest(here, d2),
      put(store, d3, other),
      store.condemn(99, 10),
    ])
    for (const each of refused) expect(each).toMatchObject({ reason: { kind: 'storageFull' } })
    expect(await observe(store)).toEqual(before)
    expect(store.status()).toMatchObject({ state: 'ok', sequence: 2 })
    delete hooks.append
    expect(await store.deleteManifest(here, d2)).toBe(true)
    const after = await observe(store)
    const reopened = await openMetadata({ log: new MemoryLog(copyOf(disk)), leaseMs: 1 })
    expect(await observe(reopened)).toEqual(after)
    expect(events).toEqual([])
  })
})

describe('when a sync fails', () => {
  test('nothing is written any more, and reads go on with what is durable', async () => {
    const { store, disk, hooks, events } = await bench()
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
    expect(events).toEqual([{ kind: 'store-read-only', error: failure }])

    const frozen = copyOf(disk)
    await store.compact()
    await store.close()
    expect(disk).toEqual(frozen)
  })

  test('all bytes count as held, for the journal may name them after the next start', async () => {
    const { store, hooks } = await bench()
    hooks.append = () => {
      throw new Error('EIO')
    }
    await expect(put(store, d2, tag)).rejects.toMatchObject({ kind: 'storageReadOnly' })
    expect(await store.isHeld(blobOf(d2))).toBe(true)
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
    const store = await openMetadata({ log, leaseMs: 1, sealAfterMs: 1 })
    await put(store, d1, tag)
    await seal
    await store.compact()
    const reopened = await openMetadata({ log: new MemoryLog(disk), leaseMs: 1 })
    expect((await reopened.resolveTag(here, tag))?.digest).toBe(d1)
    // Sealed already, so the rotation adds no second seal.
    expect(appended).toHaveLength(2)
    await store.close()
  })
})

test('a log that cannot be read is closed again', async () => {
  const log = new MemoryLog({ snapshots: new Map([[1, new Uint8Array(9)]]), journals: new Map() })
  await expect(openMetadata({ log, leaseMs: 1 })).rejects.toThrow('snapshot.1')
  expect(log.closed).toBe(true)
})

test('leases begin anew at every start', async () => {
  const disk = emptyDisk()
  const first = await openMetadata({ log: new MemoryLog(disk), leaseMs: 100, clock: () => 1000 })
  await first.linkBlob(here, blobOf(d1), 5)
  await first.close()
  const second = await openMetadata({ log: new MemoryLog(disk), leaseMs: 100, clock: () => 1000 })
  expect(await second.condemn(1100, 10)).toEqual([])
  expect(await second.condemn(1101, 10)).toEqual([blobOf(d1)])
})

test('bytes condemned before a crash are condemned again after it', async () => {
  const disk = emptyDisk()
  const first = await openMetadata({ log: new MemoryLog(disk), leaseMs: 1 })
  await first.linkBlob(here, blobOf(d1), 5)
  expect(await first.condemn(6, 10)).toEqual([blobOf(d1)])
  for (const compacted of [false, true]) {
    if (compacted) await first.compact()
    const second = await openMetadata({ log: new MemoryLog(copyOf(disk)), leaseMs: 1 })
    expect(await second.condemn(0, 10)).toEqual([blobOf(d1)])
  }
})
