import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { ByteRate } from '../../src/copy/byte-rate.ts'
import { DigestSet } from '../../src/copy/digest-set.ts'
import { timerPause } from '../../src/copy/patience.ts'
import {
  type CopiedStores,
  type CopyProgress,
  compareStores,
  copyStores,
  memoryStores,
} from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/index.ts'
import {
  bytesOf,
  digestOfContent,
  imageOf,
  pushBlob,
  pushManifest,
  run,
  viewOf,
} from './content.ts'
import { judged } from './judged-stores.ts'
import { hash } from './places.ts'

const names = Array.from({ length: 12 }, (_, number) => repositoryNamed(`r${number}`))
const [first = repositoryNamed('r')] = names
const manifest = imageOf([1, 3])

/** The same three blobs and a manifest in each of twelve repositories, and a blob of its own in each. */
async function shared(): Promise<CopiedStores> {
  const stores = memoryStores()
  for (const [number, name] of names.entries()) {
    await run(
      stores,
      [1, 3, 4, 10 + number].map((each) => pushBlob(name, each)),
    )
    await run(stores, [pushManifest(name, manifest, [tagNamed('latest')])])
  }
  return stores
}

/** The size of those blobs together, each once. */
function sizeOfShared(): number {
  const blobs = [1, 3, 4, ...names.map((_, number) => 10 + number)].map(bytesOf)
  const distinct = new Map(blobs.map((bytes) => [digestOfContent(bytes), bytes.byteLength]))
  return [...distinct.values()].reduce((sum, size) => sum + size, 0)
}

test('the bytes of a digest are sent once, by so many transfers at a time', async () => {
  const from = await shared()
  let open = 0
  let most = 0
  const to = judged(memoryStores(), async (name, proceed) => {
    if (name === 'stage') {
      open += 1
      most = Math.max(most, open)
    }
    if (name === 'commit' || name === 'discard') open -= 1
    return proceed()
  })
  const before = await compareStores(from, to)
  expect(before.bytes).toBe(sizeOfShared() + manifest.length)
  expect(before.blob).toEqual({ same: 0, missing: 48, other: 0, extra: 0 })
  const report = await copyStores(from, to, { hash, concurrency: 4 })
  expect(report.complete).toBe(true)
  // Manifests are small, and pushed wherever they are named.
  expect(report.bytes).toBe(sizeOfShared() + names.length * manifest.length)
  expect([most, open]).toEqual([4, 0])
})

test('no more of a blob is read than the target has taken', async () => {
  const stores = memoryStores()
  await run(stores, [pushBlob(first, 4)])
  const digest = digestOfContent(bytesOf(4))
  const chunk = 1000
  let read = 0
  let written = 0
  let ahead = 0
  const open: typeof stores.blobs.open = async (ref) => {
    const whole = await stores.blobs.open(ref)
    if (ref.digest !== digest || whole === null) return whole
    const bytes = bytesOf(4)
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (read === bytes.byteLength) return controller.close()
          controller.enqueue(bytes.slice(read, read + chunk))
          read = Math.min(read + chunk, bytes.byteLength)
          ahead = Math.max(ahead, read - written)
        },
      },
      { highWaterMark: 0 },
    )
    return { size: ref.size, stream: () => stream, close: async () => {} }
  }
  const blobs = Object.assign(Object.create(stores.blobs), { open })
  const to = judged(memoryStores(), async (name, proceed) => {
    // A slow target: others have their turn before it has written.
    if (name === 'write') await new Promise((resolve) => setImmediate(resolve))
    const result = await proceed()
    if (name === 'write') written = read
    return result
  })
  const report = await copyStores({ ...stores, blobs }, to, { hash })
  expect([report.complete, read]).toEqual([true, bytesOf(4).byteLength])
  expect(ahead).toBeLessThanOrEqual(chunk)
})

test('thousands of tags and of manifests are copied page by page', async () => {
  const from = memoryStores()
  const tags = Array.from({ length: 2_500 }, (_, number) => tagNamed(`t${number}`))
  const texts = Array.from({ length: 1_100 }, (_, number) =>
    imageOf([], { annotations: { number: `${number}` } }),
  )
  await run(from, [pushBlob(first, 0)])
  for (let at = 0; at < tags.length; at += 100) {
    await run(from, [pushManifest(first, texts[0] ?? '', tags.slice(at, at + 100))])
  }
  await run(
    from,
    texts.map((text, number) => pushManifest(first, text, [tagNamed(`own-${number}`)])),
  )
  const to = memoryStores()
  const report = await copyStores(from, to, { hash })
  expect(report).toMatchObject({ complete: true, copied: { tag: 3_600, manifest: 1_100 } })
  expect(await viewOf(to)).toEqual(await viewOf(from))
})

test('a signal ends a copy, and the next one goes on', async () => {
  const from = await shared()
  const to = memoryStores()
  const controller = new AbortController()
  const onProgress = ({ bytes }: CopyProgress): void => {
    if (bytes > 200_000) controller.abort(new Error('stopped'))
  }
  const { signal } = controller
  const copy = copyStores(from, to, { hash, signal, onProgress, concurrency: 2 })
  await expect(copy).rejects.toThrow('stopped')
  const rest = await compareStores(from, to)
  expect(rest.bytes).toBeLessThan(sizeOfShared())
  expect(rest.tag.missing).toBeGreaterThan(0)
  const { complete } = await copyStores(from, to, { hash })
  expect(complete).toBe(true)
  expect(await viewOf(to)).toEqual(await viewOf(from))
})

test('a rate holds all transfers together to so many bytes a second', async () => {
  let now = 1_000
  const pause = async (ms: number): Promise<void> => {
    now += ms
  }
  const rate = new ByteRate(1_000_000, () => now, pause)
  for (let at = 0; at < 100; at += 1) await Promise.all([rate.take(50_000), rate.take(50_000)])
  expect(now - 1_000).toBeGreaterThan(9_800)
  expect(now - 1_000).toBeLessThan(10_200)
  // Time in which nothing was sent is not made up for.
  now += 60_000
  const before = now
  for (let at = 0; at < 10; at += 1) await rate.take(100_000)
  expect(now - before).toBeGreaterThan(800)

  const unbounded = new ByteRate(
    Number.POSITIVE_INFINITY,
    () => now,
    () => Promise.reject(now),
  )
  for (let at = 0; at < 100; at += 1) await unbounded.take(1e12)
})

test('a set of digests knows each that was added', () => {
  const set = new DigestSet()
  const digests = Array.from({ length: 5_000 }, (_, number) => sampleDigest(number))
  for (const digest of digests) expect(set.add(digest)).toBe(true)
  for (const digest of digests) expect(set.add(digest)).toBe(false)
  expect(set.size).toBe(5_000)
})

test('pauses at one time share a listener, and all of them end when the signal aborts', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const listeners = () => getEventListeners(signal, 'abort').length
  const pause = timerPause(signal)
  const long = Array.from({ length: 16 }, () => pause(600_000))
  await pause(0)
  expect(listeners()).toBe(1)
  controller.abort(new Error('stopped'))
  for (const each of await Promise.allSettled(long)) {
    expect(each).toMatchObject({ status: 'rejected', reason: { message: 'stopped' } })
  }
  expect(listeners()).toBe(0)
})
