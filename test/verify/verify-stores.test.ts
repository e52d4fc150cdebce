import { expect, test } from 'vitest'
import type { RegistryStores } from '../../src/index.ts'
import {
  type BlobStore,
  contentRepair,
  copyStores,
  memoryStores,
  type Notice,
  newUploadId,
  repairSource,
  storesSource,
  type VerifyOptions,
  type VerifyProblem,
  type VerifyReport,
  type VerifyState,
  verifyStores,
} from '../../src/kit.ts'
import { repositoryNamed, sampleBytes, tagNamed } from '../../src/testing/index.ts'
import { but } from '../contracts/breaking.ts'
import {
  bytesOf,
  digestOfContent,
  imageOf,
  pushBlob,
  pushManifest,
  run,
  viewOf,
} from '../copy/content.ts'
import { hash } from '../copy/places.ts'

const [a, b] = [repositoryNamed('a'), repositoryNamed('b')]
const manifest = imageOf([3])
const manifestDigest = digestOfContent(manifest)
const layer = digestOfContent(bytesOf(3))
const config = digestOfContent(bytesOf(0))

async function filled(): Promise<RegistryStores> {
  const stores = memoryStores()
  for (const name of [a, b]) {
    const tags = [tagNamed('latest')]
    await run(stores, [pushBlob(name, 0), pushBlob(name, 3), pushManifest(name, manifest, tags)])
  }
  return stores
}

type Rot = 'flipped' | 'gone' | 'unreadable' | 'once'

/** Blobs of which those of some digests are read with a flipped bit, or not at all. */
function rotten(blobs: BlobStore, digests: ReadonlyMap<string, Rot>): BlobStore {
  const rotOnce = new Set<string>()
  const open: BlobStore['open'] = async (ref, how) => {
    const found = await blobs.open(ref, how)
    const kind = digests.get(ref.digest)
    if (kind === undefined || found === null) return found
    if (kind === 'gone') return null
    if (kind === 'once' && rotOnce.has(ref.key)) return found
    rotOnce.add(ref.key)
    const bytes = new Uint8Array(await new Response(found.stream()).arrayBuffer())
    bytes[0] = (bytes[0] ?? 0) ^ 1
    const failing = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull() {
          throw new Error('EIO')
        },
      })
    return {
      ...found,
      size: found.size,
      stream: kind === 'unreadable' ? failing : () => new Blob([bytes]).stream(),
    }
  }
  return Object.assign(Object.create(blobs), { open })
}

async function verified(
  stores: RegistryStores,
  options: VerifyOptions = {},
): Promise<{ readonly report: VerifyReport; readonly problems: VerifyProblem[] }> {
  const problems: VerifyProblem[] = []
  const onProblem = (problem: VerifyProblem): void => void problems.push(problem)
  const report = await verifyStores(stores, { hash, onProblem, ...options })
  return { report, problems }
}

test('whole stores are read once for each digest, and their manifests compared', async () => {
  const stores = await filled()
  let told = 0
  const { report, problems } = await verified(stores, {
    onProgress: ({ bytes }) => {
      told = bytes
    },
  })
  const bytes = bytesOf(0).byteLength + bytesOf(3).byteLength + manifest.length
  expect(report).toMatchObject({ digests: 3, manifests: 2, bytes, problems: 0, sound: true })
  expect(report.total).toEqual({ digests: 3, bytes })
  expect(told).toBe(bytes)
  expect(problems).toEqual([])
})

test('damaged and missing bytes are told with their names, and a copy brings them again', async () => {
  const from = await filled()
  const to = memoryStores()
  await copyStores(from, to, { hash })
  const rot: ReadonlyMap<string, Rot> = new Map([
    [layer, 'flipped'],
    [manifestDigest, 'gone'],
  ])
  const notices: Notice[] = []
  const { report, problems } = await verified(
    { ...to, blobs: rotten(to.blobs, rot) },
    { onNotice: (notice) => void notices.push(notice) },
  )
  expect(report).toMatchObject({ problems: 2, repaired: 0, sound: false })
  expect(problems).toMatchObject([
    { kind: 'missing', what: 'manifest', digest: manifestDigest, repositories: [a] },
    { kind: 'damaged', what: 'blob', digest: layer, repositories: [b, a] },
  ])
  expect(problems[0]).toMatchObject({ tags: ['latest'], known: false, marked: true })
  expect(notices.map(({ kind }) => kind)).toEqual(['bytes-missing', 'bytes-missing'])
  expect(await to.metadata.findBlob(b, layer)).toBeNull()
  expect(await to.metadata.findManifest(b, manifestDigest)).toBeNull()
  expect(await copyStores(from, to, { hash })).toMatchObject({ complete: true, problems: 0 })
  expect(await viewOf(to)).toEqual(await viewOf(from))
  expect((await verified(to)).report).toMatchObject({ digests: 3, problems: 0 })
})

test('bytes that cannot be read twice are told and noted, and found again once they can', async () => {
  const stores = await filled()
  const rot: ReadonlyMap<string, Rot> = new Map([[layer, 'unreadable']])
  const first = await verified({ ...stores, blobs: rotten(stores.blobs, rot) })
  expect(first.problems).toMatchObject([{ kind: 'unreadable', marked: true, detail: 'EIO' }])
  expect(await stores.metadata.findBlob(a, layer)).toBeNull()
  const still = await verified({ ...stores, blobs: rotten(stores.blobs, rot) })
  expect(still.problems).toMatchObject([{ kind: 'unreadable', known: true }])
  const again = await verified(stores)
  expect(again.problems).toMatchObject([{ known: true, repairedFrom: 'its own bytes' }])
  expect(again.report).toMatchObject({ problems: 1, repaired: 1, sound: true })
  expect(await stores.metadata.findBlob(a, layer)).not.toBeNull()
})

test('one wrong reading followed by a right one is no problem', async () => {
  const stores = await filled()
  const rot: ReadonlyMap<string, Rot> = new Map([
    [layer, 'once'],
    [manifestDigest, 'once'],
  ])
  const { report, problems } = await verified({ ...stores, blobs: rotten(stores.blobs, rot) })
  expect(problems).toEqual([])
  expect(report).toMatchObject({ passing: 2, sound: true })
})

test('what is only looked at stays as it is', async () => {
  const stores = await filled()
  const rot: ReadonlyMap<string, Rot> = new Map([[layer, 'flipped']])
  const damaged = { ...stores, blobs: rotten(stores.blobs, rot) }
  const { problems } = await verified(damaged, { marks: false, sources: [] })
  expect(problems).toMatchObject([{ kind: 'damaged', marked: false, repairedFrom: null }])
  expect(await stores.metadata.findBlob(a, layer)).not.toBeNull()
})

test('a digest that was pushed again or deleted while it was read is no problem', async () => {
  const stores = await filled()
  const rot: ReadonlyMap<string, Rot> = new Map([
    [layer, 'gone'],
    [manifestDigest, 'gone'],
  ])
  const blobs = rotten(stores.blobs, rot)
  const open = blobs.open
  blobs.open = async (ref, how) => {
    await stores.metadata.deleteRepository(a)
    await stores.metadata.deleteRepository(b)
    return open.call(blobs, ref, how)
  }
  expect((await verified({ ...stores, blobs })).problems).toEqual([])
})

test('a record that does not say what the manifest says is told, and repaired', async () => {
  const stores = await filled()
  const record = await stores.metadata.findManifest(a, manifestDigest)
  if (record === null) throw new Error('the manifest is there')
  const { pushedAt: _, ...facts } = record
  const subject = digestOfContent('another')
  await stores.metadata.putManifest(a, {
    record: { ...facts, references: [config], subject, pushedBy: 'ann' },
    tags: [],
    immutable: [],
    requires: [],
  })
  const looked = await verified(stores)
  expect(looked.problems).toMatchObject([
    { kind: 'record', what: 'manifest', repositories: [a], tags: ['latest'], repairedFrom: null },
  ])
  expect(looked.problems[0]?.detail).toContain(`its subject is recorded as ${subject}`)
  const repaired = await verified(stores, { sources: [] })
  expect(repaired.report).toMatchObject({ problems: 1, repaired: 1, sound: true })
  const now = await stores.metadata.findManifest(a, manifestDigest)
  expect(now?.references).toEqual([config, layer])
  expect(now?.subject).toBeUndefined()
  expect(now?.pushedBy).toBe('ann')
  expect((await verified(stores)).report.problems).toBe(0)
})

test('a mirror has the bytes that are missing here', async () => {
  const stores = await filled()
  const mirror = memoryStores()
  await copyStores(stores, mirror, { hash })
  const rot: ReadonlyMap<string, Rot> = new Map([
    [layer, 'flipped'],
    [manifestDigest, 'gone'],
  ])
  const keyOf = async () => (await stores.metadata.findBlob(a, layer))?.key
  const key = await keyOf()
  // Only the bytes under the keys of now are rotten.
  const bad = rotten(stores.blobs, rot)
  const old = new Set<string>()
  const { items } = await stores.metadata.listNamed({ limit: 10 })
  for (const item of items) old.add(item.key)
  const blobs: BlobStore = Object.assign(Object.create(stores.blobs), {
    open: (ref: Parameters<BlobStore['open']>[0], how?: 'anew') =>
      (old.has(ref.key) ? bad : stores.blobs).open(ref, how),
  })
  const damaged = { ...stores, blobs }
  const empty = repairSource('nothing', memoryStores())
  const sources = [empty, repairSource('the mirror', mirror)]
  const { report, problems } = await verified(damaged, { sources })
  expect(report).toMatchObject({ problems: 2, repaired: 2, sound: true })
  expect(problems.map(({ repairedFrom }) => repairedFrom)).toEqual(['the mirror', 'the mirror'])
  expect(await keyOf()).not.toBe(key)
  expect(await viewOf(damaged)).toEqual(await viewOf(mirror))
  expect((await verified(damaged)).report).toMatchObject({ problems: 0, sound: true })
})

test.each([true, false])(
  'another copy in the store repairs, where it says its digest (%s) or not',
  async (says) => {
    const stores = await filled()
    const ref = await stores.metadata.findBlob(a, layer)
    if (ref === null) throw new Error('it is there')
    const copies = []
    // The first is of as many other bytes.
    for (const bytes of [sampleBytes(ref.size, 99), bytesOf(3)]) {
      const staged = await stores.blobs.stage(newUploadId(), {})
      await staged.write(bytes)
      copies.push((await staged.commit(digestOfContent(bytes))).key)
    }
    await stores.blobs.delete(ref)
    const list = async function* (after?: string) {
      for await (const found of stores.blobs.list(after))
        yield says ? found : { ...found, digest: null }
    }
    const blobs: BlobStore = Object.assign(Object.create(stores.blobs), { list })
    const { report, problems } = await verified({ ...stores, blobs }, { sources: [] })
    expect(problems.map(({ repairedFrom }) => repairedFrom)).toEqual([
      null,
      'another copy in the store',
    ])
    expect(report).toMatchObject({ problems: 1, repaired: 1, sound: true })
    expect(copies).not.toContain((await stores.metadata.findBlob(a, layer))?.key)
    expect((await verified(stores)).report).toMatchObject({ problems: 0, sound: true })
  },
)

test('a source that is asked by repository has blobs and manifests, and what is known to be missing', async () => {
  const stores = await filled()
  const mirror = memoryStores()
  await copyStores(stores, mirror, { hash })
  for (const digest of [layer, manifestDigest]) {
    const { items } = await stores.metadata.listNamed({ limit: 10 })
    const ref = items.find((item) => item.digest === digest)
    if (ref === undefined) throw new Error('it is named')
    await stores.blobs.delete(ref)
  }
  const sources = [contentRepair('the mirror', storesSource(mirror))]
  await verified(stores)
  const { report, problems } = await verified(stores, { sources })
  expect(problems.map(({ known, repairedFrom }) => [known, repairedFrom])).toEqual([
    [true, 'the mirror'],
    [true, 'the mirror'],
  ])
  expect(report.sound).toBe(true)
  expect(await viewOf(stores)).toEqual(await viewOf(mirror))
  const nothing = [contentRepair('nothing', storesSource(memoryStores()))]
  const rot: ReadonlyMap<string, Rot> = new Map([[layer, 'gone']])
  const damaged = { ...stores, blobs: rotten(stores.blobs, rot) }
  expect((await verified(damaged, { sources: nothing })).report).toMatchObject({ repaired: 0 })
})

test('a mirror whose own bytes are wrong repairs nothing', async () => {
  const stores = await filled()
  const mirror = await filled()
  const rot: ReadonlyMap<string, Rot> = new Map([[layer, 'flipped']])
  const bad = { ...mirror, blobs: rotten(mirror.blobs, rot) }
  const { report } = await verified(
    { ...stores, blobs: rotten(stores.blobs, rot) },
    { sources: [repairSource('the mirror', bad)] },
  )
  expect(report).toMatchObject({ problems: 1, repaired: 0, sound: false })
})

test('bytes that no name points at are counted, and are no problem', async () => {
  const stores = await filled()
  await stores.metadata.deleteRepository(a)
  const lost = but(stores.metadata, () => ({
    knowsKeys: async (keys) => keys.map(({ digest }) => digest !== layer),
  }))
  const { report } = await verified({ ...stores, metadata: lost }, { graceMs: -60_000 })
  expect(report).toMatchObject({ unnamed: 1, unnamedBytes: bytesOf(3).byteLength, sound: true })
})

test('a pass that is stopped goes on where it was', async () => {
  const stores = await filled()
  const looked: string[] = []
  const watched = (stop: AbortController | null): BlobStore =>
    Object.assign(Object.create(stores.blobs), {
      open(ref: Parameters<BlobStore['open']>[0], how?: 'anew') {
        looked.push(ref.digest)
        if (looked.length === 4) stop?.abort(new Error('stopped'))
        return stores.blobs.open(ref, how)
      },
    })
  const stop = new AbortController()
  let state: VerifyState | null = null
  const onState = (now: VerifyState): void => {
    state = JSON.parse(JSON.stringify(now)) as VerifyState
  }
  const first = verified(
    { ...stores, blobs: watched(stop) },
    { signal: stop.signal, onState, concurrency: 1 },
  )
  await expect(first).rejects.toThrow('stopped')
  expect(state).toMatchObject({ phase: 'bytes', progress: { manifests: 2, digests: 1 } })
  const { report } = await verified({ ...stores, blobs: watched(null) }, { from: state })
  expect(report).toMatchObject({ digests: 3, manifests: 2, sound: true })
  const bytes = bytesOf(0).byteLength + bytesOf(3).byteLength + manifest.length
  expect(report.bytes).toBe(bytes)
  // Two manifests, one digest, the one that was cut off, and then that one again and the last.
  expect(looked.length).toBe(6)
})

test('a pass is spread over a time, and does not wait where it is late', async () => {
  const stores = await filled()
  let now = 1_000_000
  let waited = 0
  const pause = async (ms: number): Promise<void> => {
    now += ms
    waited += ms
  }
  const clock = (): number => now
  const spreadMs = 1_000_000
  await verified(stores, { pause, clock, spreadMs, concurrency: 1 })
  expect(waited).toBeGreaterThan(spreadMs * 0.3)
  expect(waited).toBeLessThanOrEqual(spreadMs)
  waited = 0
  const late = (pause: (ms: number) => Promise<void>) =>
    verified(stores, {
      pause,
      clock: () => now + 10 * spreadMs,
      spreadMs,
      from: {
        startedAt: now,
        phase: 'bytes',
        repository: '',
        after: '',
        progress: {
          phase: 'bytes',
          manifests: 0,
          digests: 0,
          bytes: 0,
          problems: 0,
          repaired: 0,
          passing: 0,
          unnamed: 0,
          unnamedBytes: 0,
          total: { digests: 3, bytes: 70_000 },
        },
      },
    })
  await late(pause)
  expect(waited).toBe(0)
})

test('a signal ends it', async () => {
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(verifyStores(await filled(), { hash, signal })).rejects.toThrow('stopped')
})

test('what is in the trash is verified too, and repaired', async () => {
  const stores = await filled()
  const mirror = memoryStores()
  await copyStores(stores, mirror, { hash })
  const trashMs = 3_600_000
  for (const name of [a, b]) await stores.metadata.deleteRepository(name, { trashMs })
  const { items } = await stores.metadata.listNamed({ limit: 10 })
  expect(items.map(({ digest }) => digest).sort()).toEqual([config, layer, manifestDigest].sort())
  for (const ref of items) if (ref.digest !== config) await stores.blobs.delete(ref)
  const { problems } = await verified(stores)
  expect(problems).toMatchObject([
    { kind: 'missing', marked: true },
    { kind: 'missing', marked: true },
  ])
  const { report } = await verified(stores, { sources: [repairSource('the mirror', mirror)] })
  expect(report).toMatchObject({ problems: 2, repaired: 2, sound: true })
  const trash = await stores.metadata.listTrash?.({ limit: 10 })
  expect(trash?.items.length).toBe(2)
  for (const { id, repository } of trash?.items ?? []) {
    const outcome = await stores.metadata.restore?.(repository, id, { leaseMs: 1000 })
    expect(outcome).toMatchObject({ kind: 'restored' })
  }
  expect((await verified(stores)).report).toMatchObject({ digests: 3, manifests: 2, sound: true })
  expect(await stores.metadata.findManifest(a, manifestDigest)).not.toBeNull()
})
