import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'
import type { Notice } from '../../src/ports/notices.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { runs } from '../sample.ts'
import { copyOf, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { Model } from './model.ts'
import { observe } from './observation.ts'
import { answerOf, answerOfModel, operation } from './operations.ts'
import { recordOf } from './samples.ts'

type Store = Awaited<ReturnType<typeof openMetadata>>

/** Enough names for a snapshot of several chunks; they sort around those of the samples. */
async function fill(store: Store): Promise<void> {
  const puts: Array<Promise<unknown>> = []
  for (let number = 0; number < 600; number += 1) {
    const digest = sampleDigest(1000 + number)
    const blob = { digest, size: 1, key: `key ${number}` }
    const repository = repositoryNamed(number % 2 === 0 ? 'a/a' : 'z')
    const record = recordOf(digest, { blob, size: 1, references: [sampleDigest(number)] })
    const tags = [tagNamed(`tag${number}`)]
    puts.push(store.putManifest(repository, { record, tags, requires: [], immutable: [] }))
  }
  await Promise.all(puts)
}

test('a snapshot written while names change, with the journal, is exactly what was', async () => {
  const history = fc.array(operation, { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(history, history, async (before, during) => {
      const disk = emptyDisk()
      const hooks: LogHooks = {}
      const clock = fakeClock()
      const log = new MemoryLog(disk, hooks)
      // Time stands still, or what is left of it in the trash is less at the second look.
      const times = { clock: clock.now, elapsed: clock.now, leaseMs: 1 }
      const store = await openMetadata({ log, ...times })
      const model = new Model(clock.now, 1)
      await fill(store)
      for (const each of before) {
        await answerOf(each, store)
        answerOfModel(each, model)
      }
      const left = [...during]
      hooks.chunk = async () => {
        for (const each of left.splice(0, 12)) {
          await answerOf(each, store)
          answerOfModel(each, model)
        }
      }
      await store.compact()
      expect(disk.snapshots.size).toBe(1)
      const reopened = await openMetadata({ log: new MemoryLog(copyOf(disk)), ...times })
      const { repositories, ...view } = (await observe(reopened)) as { repositories: string[] }
      const { repositories: names, ...modelled } = model.view() as { repositories: string[] }
      expect(view).toEqual(modelled)
      expect(repositories).toEqual([...names, 'a/a', 'z'].sort())
      expect(await observe(store)).toEqual(await observe(reopened))
    }),
    { numRuns: runs(12) },
  )
})

test('a snapshot that holds more than the journal says is refused', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const store = await openMetadata({ log: new MemoryLog(disk, hooks) })
  await fill(store)
  hooks.chunk = async () => {
    delete hooks.chunk
    await store.deleteTag(repositoryNamed('z'), tagNamed('tag599'))
  }
  await store.compact()
  expect((await openMetadata({ log: new MemoryLog(copyOf(disk)) })).status().state).toBe('ok')
  disk.journals.set(1, new Uint8Array(0))
  const opening = openMetadata({ log: new MemoryLog(disk) })
  await expect(opening).rejects.toThrow(StoreDamaged)
})

test('a change taken back while it is written spoils a snapshot, which is tried again', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const notices: Notice[] = []
  const store = await openMetadata({
    log: new MemoryLog(disk, hooks),
    onNotice: (notice) => notices.push(notice),
  })
  await fill(store)
  const z = repositoryNamed('z')
  let refused: unknown
  hooks.chunk = async () => {
    delete hooks.chunk
    hooks.append = () => {
      delete hooks.append
      throw new RegistryError('storageFull')
    }
    refused = await store.deleteTag(z, tagNamed('tag599')).catch((error: unknown) => error)
  }
  await store.compact()
  expect(refused).toMatchObject({ kind: 'storageFull' })
  expect(notices).toMatchObject([
    {
      kind: 'store-condition',
      part: 'metadata',
      state: 'full',
      reason: 'there is no room left',
      error: null,
    },
    { kind: 'background-failure', retried: true },
  ])
  expect(disk.snapshots.size).toBe(0)
  await store.compact()
  expect([...disk.snapshots.keys()]).toEqual([2])
  const reopened = await openMetadata({ log: new MemoryLog(disk) })
  expect(await reopened.resolveTag(z, tagNamed('tag599'))).not.toBeNull()
})

test('a snapshot waits for what it may hold to be durable', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const store = await openMetadata({ log: new MemoryLog(disk, hooks) })
  await fill(store)
  let proceed = (): void => {}
  let writing: Promise<unknown> = Promise.resolve()
  let isSpoilt = false
  hooks.chunk = async () => {
    delete hooks.chunk
    hooks.append = () =>
      new Promise<void>((resolve) => {
        delete hooks.append
        proceed = resolve
      })
    writing = store.deleteTag(repositoryNamed('z'), tagNamed('tag599'))
    void release()
  }
  /** Gives the rest of the snapshot turns enough to be written. */
  async function release(): Promise<void> {
    for (let turn = 0; turn < 2000; turn += 1) await setImmediate()
    isSpoilt = disk.snapshots.size > 0
    proceed()
  }
  await store.compact()
  await writing
  expect(isSpoilt).toBe(false)
  const reopened = await openMetadata({ log: new MemoryLog(disk) })
  expect(await reopened.resolveTag(repositoryNamed('z'), tagNamed('tag599'))).toBeNull()
})

test('journals are compacted once they are long, and again after a failure', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {
    chunk: () => {
      throw new Error('no snapshot today')
    },
  }
  const notices: Notice[] = []
  const store = await openMetadata({
    log: new MemoryLog(disk, hooks),
    compactBytes: 20_000,
    onNotice: (notice) => notices.push(notice),
  })
  await fill(store)
  await store.compact()
  expect(notices.length).toBeGreaterThan(0)
  expect(disk.snapshots.size).toBe(0)
  delete hooks.chunk
  await store.deleteTag(repositoryNamed('z'), tagNamed('tag1'))
  expect(disk.snapshots.size).toBe(0)
  await fill(store)
  for (let number = 0; number < 60; number += 1) {
    await store.deleteTag(repositoryNamed('a/a'), tagNamed(`tag${2 * number}`))
  }
  await store.compact()
  expect(disk.snapshots.size).toBeGreaterThan(0)
  expect(store.status().journalBytes).toBeLessThan(20_000)
})

test('closing writes a snapshot when there is something new, and only then', async () => {
  const disk = emptyDisk()
  const open = (): Promise<Store> => openMetadata({ log: new MemoryLog(disk) })
  await (await open()).close()
  expect(disk.snapshots.size).toBe(0)
  const store = await open()
  await fill(store)
  await store.close()
  expect([...disk.snapshots.keys()]).toEqual([1])
  await (await open()).close()
  expect([...disk.snapshots.keys()]).toEqual([1])
  await expect(store.deleteTag(repositoryNamed('z'), tagNamed('tag1'))).rejects.toMatchObject({
    kind: 'unavailable',
  })
})

test('writing a snapshot lets others have their turn', async () => {
  const disk = emptyDisk()
  const store = await openMetadata({ log: new MemoryLog(disk) })
  await linkMany(store)
  let hadTurn = false
  setTimeout(() => {
    hadTurn = true
  }, 0)
  await store.compact()
  expect(hadTurn).toBe(true)
  expect(disk.snapshots.size).toBe(1)
})

test('a snapshot rests between its slices, and no longer once the store is closing', async () => {
  const disk = emptyDisk()
  const hooks: LogHooks = {}
  const store = await openMetadata({ log: new MemoryLog(disk, hooks), sealAfterMs: 10_000 })
  await linkMany(store)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const rests = (): number => timers.mock.calls.filter(([, ms = 0]) => ms > 0 && ms < 100).length
  try {
    let closing: Promise<void> | null = null
    let restsBefore = 0
    hooks.chunk = async () => {
      restsBefore = rests()
      if (restsBefore === 0) return
      delete hooks.chunk
      closing = store.close()
      // What waits until changes are settled hurries the snapshot after that.
      for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    }
    await store.compact()
    await closing
    expect(restsBefore).toBe(1)
    expect(rests()).toBe(1)
  } finally {
    timers.mockRestore()
  }
  expect([...disk.snapshots.keys()]).toEqual([1])
})

/** Enough for a snapshot of many slices. */
async function linkMany(store: Store): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const puts: Array<Promise<unknown>> = []
    for (let number = 0; number < 1000; number += 1) {
      const digest = sampleDigest(round * 1000 + number)
      const blob = { digest, size: 1, key: `key ${number}` }
      puts.push(store.linkBlob(repositoryNamed('a/a'), blob, 1))
    }
    await Promise.all(puts)
  }
}
