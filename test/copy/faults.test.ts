import { expect, test } from 'vitest'
import type { RegistryStores } from '../../src/index.ts'
import { everyItem, RegistryError } from '../../src/index.ts'
import { type CopiedStores, type CopyProblem, copyStores, memoryStores } from '../../src/kit.ts'
import { tagNamed } from '../../src/testing/index.ts'
import {
  bytesOf,
  digestOfContent,
  everyKind,
  imageOf,
  one,
  pushManifest,
  run,
  type Step,
  two,
  viewOf,
} from './content.ts'
import { judged } from './judged-stores.ts'
import { hash } from './places.ts'

const noPause = async (): Promise<void> => {}

async function filled(more: readonly Step[] = []): Promise<RegistryStores> {
  const stores = memoryStores()
  await run(stores, [...everyKind, ...more])
  return stores
}

/** Whether each tag of the target has all of its content there that the source has. */
async function expectWhole(from: CopiedStores, to: CopiedStores): Promise<void> {
  for await (const name of everyItem((page) => to.metadata.listRepositories(page))) {
    const listed = await to.metadata.listTagRecords(name, { limit: 1000 })
    for (const { digest } of listed?.items ?? []) {
      const record = await to.metadata.findManifest(name, digest)
      expect(record).not.toBeNull()
      for (const named of record?.references ?? []) {
        const there = await from.metadata.findBlob(name, named)
        if (there !== null) expect(await to.metadata.findBlob(name, named)).not.toBeNull()
      }
    }
  }
}

test.each(['before', 'after'])(
  'a copy that dies %s any call of the target goes on',
  async (when) => {
    const from = await filled()
    const wanted = await viewOf(from)
    for (let deadline = 1; ; deadline += 1) {
      const to = memoryStores()
      let calls = 0
      const target = judged(to, async (_name, proceed) => {
        calls += 1
        const dies = calls >= deadline
        if (dies && !(when === 'after' && calls === deadline)) throw new Error('dead')
        const result = await proceed()
        if (dies) throw new Error('dead')
        return result
      })
      const died = await copyStores(from, target, { hash }).then(
        () => false,
        (error: Error) => error.message === 'dead',
      )
      await expectWhole(from, to)
      const { complete, problems } = await copyStores(from, to, { hash })
      expect([complete, problems]).toEqual([true, 0])
      expect(await viewOf(to)).toEqual(wanted)
      if (!died) break
      expect(deadline).toBeLessThan(1000)
    }
  },
)

test.each(['before', 'after'])(
  'what fails once %s it is done, since a store is away, is tried again',
  async (when) => {
    const from = await filled()
    const to = memoryStores()
    const failed: Set<string> = new Set()
    const target = judged(to, async (name, proceed) => {
      const fails = !failed.has(name) && name !== 'discard' && name !== 'close'
      failed.add(name)
      if (fails && when === 'before') throw new RegistryError('unavailable')
      const result = await proceed()
      if (fails) throw new RegistryError('unavailable')
      return result
    })
    let pauses = 0
    const pause = async (): Promise<void> => {
      pauses += 1
    }
    const report = await copyStores(from, target, { hash, pause, concurrency: 2 })
    expect(report).toMatchObject({ complete: true, problems: 0 })
    expect(pauses).toBeGreaterThan(4)
    expect(await viewOf(to)).toEqual(await viewOf(from))
  },
)

test('a target that stays away ends the copy after a minute of pauses', async () => {
  const from = await filled()
  const target = judged(memoryStores(), async (name, proceed) => {
    if (name === 'commit') throw new RegistryError('unavailable')
    return proceed()
  })
  let paused = 0
  const pause = async (ms: number): Promise<void> => {
    paused += ms
  }
  const copy = copyStores(from, target, { hash, pause, concurrency: 1 })
  await expect(copy).rejects.toMatchObject({ kind: 'unavailable' })
  expect(paused).toBeGreaterThan(60_000)
})

test('a full target ends the copy at once, and what was begun is dropped', async () => {
  const from = await filled()
  let staged = 0
  const target = judged(memoryStores(), async (name, proceed) => {
    if (name === 'stage') staged += 1
    if (name === 'commit' && staged > 2) throw new RegistryError('storageFull')
    if (name === 'discard') staged -= 1
    return proceed()
  })
  const copy = copyStores(from, target, { hash, concurrency: 1, pause: noPause })
  await expect(copy).rejects.toMatchObject({ kind: 'storageFull' })
  expect(staged).toBe(2)
})

/** A source in which the bytes of a digest are read otherwise. */
function reading(
  stores: RegistryStores,
  digest: string,
  stream: (bytes: Uint8Array) => ReadableStream<Uint8Array> | null,
): CopiedStores {
  const { blobs } = stores
  const open: typeof blobs.open = async (ref, how) => {
    const found = await blobs.open(ref, how)
    if (ref.digest !== digest || found === null) return found
    const bytes = new Uint8Array(await new Response(found.stream()).arrayBuffer())
    const changed = stream(bytes)
    if (changed === null) return null
    return { size: bytes.byteLength, stream: () => changed, close: async () => {} }
  }
  const changed = new Proxy(blobs, {
    get: (target, key) => {
      const value: unknown = key === 'open' ? open : Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { blobs: changed, metadata: stores.metadata }
}

const flipped = (bytes: Uint8Array): ReadableStream<Uint8Array> => {
  bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
  return streamOf([bytes])
}

function streamOf(chunks: readonly Uint8Array[], error?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const next = left.shift()
      if (next !== undefined) controller.enqueue(next)
      else if (error !== undefined) controller.error(error)
      else controller.close()
    },
  })
}

const bad: ReadonlyArray<
  readonly [kind: string, stream: (bytes: Uint8Array) => ReadableStream<Uint8Array> | null]
> = [
  ['damaged', flipped],
  ['damaged', (bytes) => streamOf([bytes.subarray(1)])],
  ['damaged', (bytes) => streamOf([bytes, bytes])],
  ['missing', () => null],
  ['unreadable', (bytes) => streamOf([bytes.subarray(0, 10)], new Error('EIO'))],
]

test.each(bad)(
  'bytes in the source that are %s are told, and the rest is copied',
  async (kind, stream) => {
    const from = await filled()
    for (const [what, digest, dependent] of [
      ['blob', digestOfContent(bytesOf(3)), 0],
      ['manifest', digestOfContent(imageOf([1, 3])), 4],
    ] as const) {
      const to = memoryStores()
      const problems: CopyProblem[] = []
      const report = await copyStores(reading(from, digest, stream), to, {
        hash,
        onProblem: (problem) => problems.push(problem),
      })
      expect(report).toMatchObject({ complete: false, problems: problems.length })
      const named = problems.filter((problem) => problem.what === what)
      expect(named).toMatchObject([
        { kind, repository: one, name: digest },
        { kind, repository: two, name: digest },
      ])
      // Tags of a manifest that is not there.
      expect(problems.length - named.length).toBe(dependent)
      for (const name of [one, two]) {
        expect(await to.metadata.findBlob(name, digest)).toBeNull()
        expect(await to.metadata.findManifest(name, digest)).toBeNull()
      }
      for await (const stored of to.blobs.list()) expect(stored.digest).not.toBe(digest)
      // Once the bytes are put right, the next copy brings them.
      expect(await copyStores(from, to, { hash })).toMatchObject({ complete: true, problems: 0 })
      expect(await viewOf(to)).toEqual(await viewOf(from))
    }
  },
)

test('a source that is away is not taken for a damaged one', async () => {
  const from = await filled()
  const digest = digestOfContent(bytesOf(3))
  const source = reading(from, digest, (bytes) =>
    streamOf([bytes.subarray(0, 1)], new Error('EIO')),
  )
  const blobs = Object.assign(Object.create(source.blobs), {
    check: () => Promise.reject(new RegistryError('unavailable')),
  })
  const copy = copyStores({ ...source, blobs }, memoryStores(), { hash, pause: noPause })
  await expect(copy).rejects.toMatchObject({ kind: 'unavailable' })
})

test('what the source knows to be missing is told, and a mirror keeps what it has of it', async () => {
  const from = await filled()
  const to = memoryStores()
  await copyStores(from, to, { hash })
  const before = await viewOf(to)
  for (const digest of [digestOfContent(bytesOf(3)), digestOfContent(imageOf([1, 3]))]) {
    const ref =
      (await from.metadata.findBlob(one, digest)) ??
      (await from.metadata.findManifest(one, digest))?.blob
    if (ref) await from.metadata.markMissing(ref)
  }
  const problems: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void problems.push(problem)
  const report = await copyStores(from, to, { hash, mirror: true, onProblem })
  expect(report).toMatchObject({ complete: true, bytes: 0, removed: { blob: 0, manifest: 0 } })
  expect(problems).toMatchObject([
    { kind: 'missing', repository: null },
    { kind: 'missing', repository: null },
  ])
  expect(await viewOf(to)).toEqual(before)
})

test('damaged bytes in the target are put right by a copy once they are known', async () => {
  const from = await filled()
  const to = memoryStores()
  await copyStores(from, to, { hash })
  const digest = digestOfContent(bytesOf(3))
  const ref = await to.metadata.findBlob(one, digest)
  if (ref !== null) await to.metadata.markMissing(ref)
  const report = await copyStores(from, to, { hash })
  expect(report).toMatchObject({ complete: true, bytes: bytesOf(3).byteLength })
  expect(await viewOf(to)).toEqual(await viewOf(from))
})

test('bytes that the source moves while they are copied are found again', async () => {
  const from = await filled()
  const digest = digestOfContent(bytesOf(3))
  let moves = 0
  const open: typeof from.blobs.open = async (ref, how) => {
    if (ref.digest === digest && moves < 3) {
      moves += 1
      const bytes = (await from.blobs.open(ref))?.stream()
      const staged = await from.blobs.stage(crypto.randomUUID() as never, {})
      for await (const chunk of bytes ?? []) await staged.write(chunk.slice())
      await from.metadata.relocate(ref, await staged.commit(digest))
      await from.blobs.delete(ref)
    }
    return from.blobs.open(ref, how)
  }
  const blobs = Object.assign(Object.create(from.blobs), { open })
  const to = memoryStores()
  const report = await copyStores({ ...from, blobs }, to, { hash, concurrency: 1 })
  expect([moves, report.problems, report.complete]).toEqual([3, 0, true])
})

test('what is deleted in the source meanwhile is no problem', async () => {
  const from = await filled()
  const digest = digestOfContent(bytesOf(3))
  const open: typeof from.blobs.open = async (ref, how) => {
    if (ref.digest === digest) {
      for (const name of [one, two]) await from.metadata.unlinkBlob(name, digest)
      await from.blobs.delete(ref)
    }
    return from.blobs.open(ref, how)
  }
  const blobs = Object.assign(Object.create(from.blobs), { open })
  const report = await copyStores({ ...from, blobs }, memoryStores(), { hash })
  expect([report.problems, report.complete]).toEqual([0, true])
})

test('a tag that is pushed meanwhile waits for the next copy', async () => {
  const from = await filled()
  const text = imageOf([1], { annotations: { late: 'yes' } })
  const late = tagNamed('late')
  let lists = 0
  const source = judged(from, async (name, proceed) => {
    // The tags of `one` are listed second, after its manifests were copied.
    if (name === 'listTagRecords') lists += 1
    if (name === 'listTagRecords' && lists === 2) await run(from, [pushManifest(one, text, [late])])
    return proceed()
  })
  const to = memoryStores()
  const first = await copyStores(source, to, { hash, concurrency: 1 })
  expect(first).toMatchObject({ problems: 0, complete: false })
  await expectWhole(from, to)
  expect(await copyStores(from, to, { hash })).toMatchObject({ problems: 0, complete: true })
})
