import { beforeAll, describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'
import type { Telling } from '../../src/ports/metadata-store.ts'
import type { Notice } from '../../src/ports/notices.ts'
import { isFull } from '../services/test-service.ts'
import { copyOf, type Disk, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { observe } from './observation.ts'
import { blobOf, digests, recordOf, repositories, subjects, tags } from './samples.ts'

/** Of the bytes of a file, each is damaged in CI, and one of so many otherwise. */
const step = isFull ? 1 : 7

const [a, b] = repositories as [(typeof repositories)[0], (typeof repositories)[0]]
const [tag, other] = tags as [(typeof tags)[0], (typeof tags)[0]]
const [d1, d2, d3] = digests as [(typeof digests)[0], (typeof digests)[0], (typeof digests)[0]]

type Store = Awaited<ReturnType<typeof openMetadata>>

/** What became of a damaged disk. */
type Outcome =
  | { readonly kind: 'refused'; readonly file: string }
  | { readonly kind: 'opened'; readonly view: unknown; readonly reported: readonly string[] }

async function openDamaged(disk: Disk): Promise<Outcome> {
  const reported: string[] = []
  const onNotice = (notice: Notice): void => {
    if (notice.kind === 'store-recovered') reported.push(notice.file)
  }
  try {
    const store = await openMetadata({ log: new MemoryLog(disk, {}, 61), onNotice })
    return { kind: 'opened', view: await observe(store), reported }
  } catch (error) {
    if (!(error instanceof StoreDamaged)) throw error
    return { kind: 'refused', file: error.file }
  }
}

/** A store that writes no seal of its own accord, however slow the test is. */
function openUnsealed(disk: Disk): Promise<Store> {
  return openMetadata({ log: new MemoryLog(disk), sealAfterMs: 1e9 })
}

/** The file with one bit of one byte flipped, for every byte. */
function* flips(bytes: Uint8Array): Generator<[at: number, flipped: Uint8Array]> {
  for (let at = 0; at < bytes.length; at += step) {
    const flipped = bytes.slice()
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 7))
    yield [at, flipped]
  }
}

async function change(store: Store, round: number): Promise<void> {
  await store.linkBlob(a, blobOf(d1), round)
  await store.putManifest(a, {
    record: recordOf(d2, { references: [d1], subject: subjects[0] ?? '' }),
    tags: [tag],
    requires: [],
    immutable: [],
  })
  await store.putManifest(b, { record: recordOf(d3), tags: [other], requires: [], immutable: [] })
  await store.deleteTag(a, tag, telling('east', 'west'))
  await store.unlinkBlob(a, d1)
  await handOut(store, 'down')
}

/** Has some endpoints be told of a change. */
function telling(...endpoints: readonly string[]): Telling<unknown> {
  return { tell: () => [{ endpoints, text: 'é"' }] }
}

/** Delivers what can be claimed, but for what goes to `west`: that is a dead letter. */
async function handOut({ outbox }: Store, error: string): Promise<void> {
  const options = { limit: 10, forMs: 1e9 }
  const { entries = [] } = (await outbox?.claim(['east', 'west'], options)) ?? {}
  await Promise.all(
    entries.map((entry) =>
      entry.endpoint === 'west' ? outbox?.bury(entry, error) : outbox?.delivered([entry]),
    ),
  )
}

function withJournal(disk: Disk, generation: number, bytes: Uint8Array): Disk {
  const copy = copyOf(disk)
  copy.journals.set(generation, bytes)
  return copy
}

function withSnapshot(disk: Disk, generation: number, bytes: Uint8Array): Disk {
  const copy = copyOf(disk)
  copy.snapshots.set(generation, bytes)
  return copy
}

/** The whole views after each frame of the only journal. */
describe('one journal', () => {
  const disk = emptyDisk()
  const views: unknown[] = []
  const ends: number[] = [0]
  let journal: Uint8Array

  beforeAll(async () => {
    const store = await openUnsealed(disk)
    views.push(await observe(store))
    const note = async (): Promise<void> => {
      ends.push(disk.journals.get(0)?.length ?? 0)
      views.push(await observe(store))
    }
    await store.linkBlob(a, blobOf(d1), 1)
    await note()
    await store.putManifest(a, { record: recordOf(d2), tags: [tag], requires: [], immutable: [] })
    await note()
    await store.deleteTag(a, tag, telling('east', 'west'))
    await note()
    await handOut(store, 'down')
    await note()
    await store.outbox?.resend({}, 1)
    await note()
    journal = disk.journals.get(0) as Uint8Array
  })

  test('cut anywhere, it opens with its whole frames and says so', async () => {
    for (let length = 0; length < journal.length; length += step) {
      const outcome = await openDamaged(withJournal(disk, 0, journal.slice(0, length)))
      const frame = ends.findLastIndex((end) => end <= length)
      const reported = ends[frame] === length ? [] : ['journal.0']
      expect(outcome).toEqual({ kind: 'opened', view: views[frame], reported })
    }
  })

  test('flipped anywhere, it is refused, and in the last frame alone that is lost, by name', async () => {
    const lastFrame = ends.at(-2) as number
    for (const [at, flipped] of flips(journal)) {
      const outcome = await openDamaged(withJournal(disk, 0, flipped))
      if (at < lastFrame) expect(outcome).toEqual({ kind: 'refused', file: 'journal.0' })
      else {
        const view = views.at(-2)
        expect(outcome).toEqual({ kind: 'opened', view, reported: ['journal.0'] })
      }
    }
  })

  test('sealed, it is refused wherever it is cut, flipped or zeroed, down to nothing', async () => {
    const sealed = { ...copyOf(disk), seal: { generation: 0, bytes: journal.length } }
    const open = (bytes: Uint8Array): Promise<Outcome> => openDamaged(withJournal(sealed, 0, bytes))
    expect(await open(journal)).toMatchObject({ kind: 'opened', view: views.at(-1) })
    for (let length = 0; length < journal.length; length += step) {
      expect(await open(journal.slice(0, length))).toEqual({ kind: 'refused', file: 'journal.0' })
      const zeroed = journal.slice().fill(0, length)
      expect(await open(zeroed)).toEqual({ kind: 'refused', file: 'journal.0' })
    }
    for (const [, flipped] of flips(journal)) {
      expect(await open(flipped)).toEqual({ kind: 'refused', file: 'journal.0' })
    }
    const gone = copyOf(sealed)
    gone.journals.delete(0)
    expect(await openDamaged(gone)).toEqual({ kind: 'refused', file: 'journal.0' })
  })

  test('sealed in part, only what came after can be lost', async () => {
    const bytes = ends.at(-2) as number
    const sealed = { ...copyOf(disk), seal: { generation: 0, bytes } }
    for (let length = 0; length < journal.length; length += step) {
      const outcome = await openDamaged(withJournal(sealed, 0, journal.slice(0, length)))
      expect(outcome.kind).toBe(length < bytes ? 'refused' : 'opened')
    }
  })

  test('a journal that had begun is missed', async () => {
    const next = { ...copyOf(disk), seal: { generation: 1, bytes: 0 } }
    expect(await openDamaged(next)).toEqual({ kind: 'refused', file: 'journal.1' })
  })

  test('a store seals it when it is idle, when it is closed, and what it read', async () => {
    const idle = emptyDisk()
    const hooks: LogHooks = {}
    let seal = (): void => {}
    const sealing = new Promise<void>((resolve) => {
      seal = resolve
    })
    const log = new MemoryLog(idle, hooks)
    const store = await openMetadata({ log, sealAfterMs: 1 })
    expect(idle.seal).toEqual({ generation: 0, bytes: 0 })
    hooks.seal = seal
    await store.linkBlob(a, blobOf(d1), 1)
    await sealing
    await store.check?.()
    expect(idle.seal).toEqual({ generation: 0, bytes: idle.journals.get(0)?.length })

    const closed = emptyDisk()
    const failing: LogHooks = { chunk: (): never => expect.fail('no snapshot') }
    const second = await openMetadata({ log: new MemoryLog(closed, failing) })
    await second.linkBlob(a, blobOf(d1), 1)
    await second.close()
    expect(closed.seal).toEqual({ generation: 1, bytes: closed.journals.get(1)?.length })

    const read = copyOf(disk)
    await openUnsealed(read)
    expect(read.seal).toEqual({ generation: 0, bytes: journal.length })
  })

  test('a store that is never idle seals it all the same', async () => {
    const busy = emptyDisk()
    const log = new MemoryLog(busy)
    const store = await openMetadata({ log, sealAfterMs: 2 })
    const end = performance.now() + 100_000
    for (let round = 0; busy.seal?.bytes === 0 && performance.now() < end; round += 1) {
      const writes = [store.linkBlob(a, blobOf(d1), round), store.linkBlob(b, blobOf(d2), round)]
      await Promise.all(writes)
    }
    const bytes = busy.seal?.bytes ?? 0
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(busy.journals.get(0)?.length ?? 0)
    await store.close()
  })

  test('a full disk keeps a seal from being set only for the moment', async () => {
    const full = emptyDisk()
    const hooks: LogHooks = {
      chunk: (): never => expect.fail('no snapshot'),
      seal: () => {
        throw new RegistryError('storageFull')
      },
    }
    const notices: Notice[] = []
    const store = await openMetadata({
      log: new MemoryLog(full, hooks),
      sealAfterMs: 0,
      onNotice: (notice) => notices.push(notice),
    })
    await store.linkBlob(a, blobOf(d1), 1)
    await store.linkBlob(a, blobOf(d2), 1)
    await store.compact()
    expect(store.status().state).toBe('ok')
    delete hooks.seal
    await store.linkBlob(a, blobOf(d3), 1)
    await store.close()
    expect(full.seal).toEqual({ generation: 2, bytes: full.journals.get(2)?.length })
    expect(notices.map(({ kind }) => kind)).not.toContain('store-read-only')
  })

  test('frames lost from its middle are missed', async () => {
    const [, first, second] = ends as [number, number, number]
    const holed = new Uint8Array([...journal.slice(0, first), ...journal.slice(second)])
    expect((await openDamaged(withJournal(disk, 0, holed))).kind).toBe('refused')
    const headless = journal.slice(first)
    expect((await openDamaged(withJournal(disk, 0, headless))).kind).toBe('refused')
  })
})

describe('two snapshots and their journals', () => {
  const disk = emptyDisk()
  let view: unknown

  beforeAll(async () => {
    const store = await openUnsealed(disk)
    await change(store, 1)
    await store.compact()
    const record = recordOf(d1, { blob: blobOf(d1, 1) })
    await store.putManifest(b, { record, tags: [tag], requires: [], immutable: [] })
    await store.outbox?.resend({}, 1)
    await store.compact()
    await store.deleteManifest(b, d3, { leaseMs: 1, ...telling('west') })
    await handOut(store, '"\\')
    view = await observe(store)
    expect([...disk.snapshots.keys()]).toEqual([1, 2])
    expect([...disk.journals.keys()]).toEqual([1, 2])
  })

  test('whole, they open without a word', async () => {
    expect(await openDamaged(copyOf(disk))).toEqual({ kind: 'opened', view, reported: [] })
  })

  test('the snapshot is one JSON document', () => {
    const document: unknown = JSON.parse(new TextDecoder().decode(disk.snapshots.get(2)))
    expect(document).toMatchObject({ format: 'layerdock metadata', version: 4, generation: 2 })
  })

  test('the newest snapshot flipped or cut anywhere, the one before takes its place', async () => {
    const snapshot = disk.snapshots.get(2) as Uint8Array
    for (const [, flipped] of flips(snapshot)) {
      const outcome = await openDamaged(withSnapshot(disk, 2, flipped))
      expect(outcome).toEqual({ kind: 'opened', view, reported: ['snapshot.2'] })
    }
    for (let length = 0; length < snapshot.length; length += step) {
      const outcome = await openDamaged(withSnapshot(disk, 2, snapshot.slice(0, length)))
      expect(outcome).toEqual({ kind: 'opened', view, reported: ['snapshot.2'] })
    }
    const longer = new Uint8Array([...snapshot, 10])
    const outcome = await openDamaged(withSnapshot(disk, 2, longer))
    expect(outcome).toEqual({ kind: 'opened', view, reported: ['snapshot.2'] })
  })

  test('with the newest snapshot gone as well, nothing of the journal before it can be missing', async () => {
    const broken = withSnapshot(disk, 2, new Uint8Array(0))
    const journal = disk.journals.get(1) as Uint8Array
    for (let length = 0; length < journal.length; length += step) {
      const outcome = await openDamaged(withJournal(broken, 1, journal.slice(0, length)))
      expect(outcome.kind).toBe('refused')
    }
    for (const [, flipped] of flips(journal)) {
      expect((await openDamaged(withJournal(broken, 1, flipped))).kind).toBe('refused')
    }
  })

  test('of two damaged snapshots both are named, before a journal that cannot stand for them', async () => {
    const broken = withSnapshot(withSnapshot(disk, 1, new Uint8Array(0)), 2, new Uint8Array(0))
    const opening = openMetadata({ log: new MemoryLog(broken) })
    await expect(opening).rejects.toThrow(/^snapshot\.2: .*; snapshot\.1: .*; journal\.1: /)
  })

  test.each([
    ['the newest journal', [2], []],
    ['all journals', [1, 2], []],
    ['the newest snapshot and the journal before it', [1], [2]],
    ['both snapshots', [], [1, 2]],
  ])('without %s it is refused', async (_, journals, snapshots) => {
    const broken = copyOf(disk)
    for (const generation of journals) broken.journals.delete(generation)
    for (const generation of snapshots) broken.snapshots.set(generation, new Uint8Array(0))
    expect((await openDamaged(broken)).kind).toBe('refused')
  })
})

test('a newest journal that is empty hides nothing lost before it', async () => {
  const disk = emptyDisk()
  const store = await openUnsealed(disk)
  const ends = [0]
  for (const digest of [d1, d2, d3]) {
    await store.linkBlob(a, blobOf(digest), 1)
    ends.push(disk.journals.get(0)?.length ?? 0)
  }
  await store.compact()
  const view = await observe(store)
  disk.snapshots.set(1, new Uint8Array(0))
  expect(await openDamaged(copyOf(disk))).toMatchObject({ kind: 'opened', view })
  const journal = disk.journals.get(0) as Uint8Array
  for (const end of ends) {
    const outcome = await openDamaged(withJournal(disk, 0, journal.slice(0, end)))
    expect(outcome.kind).toBe('refused')
  }
  disk.journals.delete(0)
  expect((await openDamaged(disk)).kind).toBe('refused')
})

test('a journal without a change can be gone over', async () => {
  const disk = emptyDisk()
  const store = await openUnsealed(disk)
  await store.linkBlob(a, blobOf(d1), 1)
  await store.compact()
  await store.compact()
  const view = await observe(store)
  disk.snapshots.set(2, new Uint8Array(0))
  const outcome = await openDamaged(disk)
  expect(outcome).toEqual({ kind: 'opened', view, reported: ['snapshot.2'] })
})

test('the first snapshot damaged, the journals from the beginning take its place', async () => {
  const disk = emptyDisk()
  const store = await openUnsealed(disk)
  await change(store, 1)
  await store.compact()
  await store.linkBlob(b, blobOf(d3), 1)
  const view = await observe(store)
  disk.snapshots.set(1, new Uint8Array([1, 2, 3]))
  const outcome = await openDamaged(copyOf(disk))
  expect(outcome).toEqual({ kind: 'opened', view, reported: ['snapshot.1'] })
  const lost = copyOf(disk)
  lost.journals.delete(0)
  expect((await openDamaged(lost)).kind).toBe('refused')
})
