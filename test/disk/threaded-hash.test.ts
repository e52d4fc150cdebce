import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { HashThread } from '../../adapters/disk/hash-thread.ts'
import { threadedHash } from '../../adapters/disk/threaded-hash.ts'
import { callContext, createRegistry, type Digest, type Registry } from '../../src/index.ts'
import { type ByteSource, digestOf, type HashFactory } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'

const mib = 1024 * 1024
const call = callContext()
const name = repositoryNamed('large')
const threads: HashThread[] = []

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.end()
})

/** Hashes in a thread that runs already. */
async function running(): Promise<{ thread: HashThread; hash: HashFactory }> {
  const thread = new HashThread()
  threads.push(thread)
  while (!thread.isReady) await setImmediate()
  return { thread, hash: threadedHash(thread) }
}

/** Bytes that differ from place to place, and with the seed. */
function bytesOf(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed
  for (let at = 0; at < words.length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

function hexOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

function sha256(bytes: Uint8Array): Digest {
  return digestOf('sha256', hexOf(bytes))
}

/** A body in chunks, each of which is spoilt once it was taken, as a writer may do. */
function bodyOf(bytes: Uint8Array, chunk = 60_000, then = (_at: number): void => {}): ByteSource {
  return {
    async pipe(sink) {
      for (let at = 0; at < bytes.byteLength; at += chunk) {
        await sink(bytes.slice(at, at + chunk))
        then(at)
      }
    },
    abort() {},
  }
}

const cases: ReadonlyArray<readonly [total: number, chunk: number, expected: number]> = [
  [0, 1, Infinity],
  [10, 3, Infinity],
  [64 * 1024, 64 * 1024, Infinity],
  [64 * 1024 + 1, 1000, Infinity],
  [mib, 65536, Infinity],
  [mib + 1, 65536, Infinity],
  [5 * mib + 17, 65536, Infinity],
  [5 * mib + 17, 65536, 5 * mib + 17],
  [9 * mib, 4 * mib + 5, 9 * mib],
  [100, 10, 8 * mib],
]

test.each(cases)(
  'the digest of %i bytes in chunks of %i, of which %d were announced',
  async (total, chunk, expected) => {
    const { hash } = await running()
    const bytes = bytesOf(total)
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const streaming = hash(algorithm, undefined, expected)
      for (let at = 0; at < total; at += chunk) {
        const part = bytes.slice(at, at + chunk)
        const busy = streaming.update(part)
        part.fill(0)
        await busy
      }
      expect(await streaming.digest()).toBe(hexOf(bytes, algorithm))
      expect(await streaming.digest()).toBe(hexOf(bytes, algorithm))
      await streaming.update(bytes)
      const both = createHash(algorithm).update(bytes).update(bytes).digest('hex')
      expect(await streaming.digest()).toBe(both)
    }
  },
)

test('many hashes share the memory, and each gets what it was fed', async () => {
  const { hash } = await running()
  const hashes = Array.from({ length: 40 }, (_, seed) => {
    const bytes = bytesOf(mib + 200_000 + 77_777 * seed, seed)
    return { bytes, streaming: hash('sha256', undefined, seed % 2 === 0 ? Infinity : 8 * mib) }
  })
  const feed = async (each: (typeof hashes)[0], chunk: number): Promise<void> => {
    for (let at = 0; at < each.bytes.byteLength; at += chunk) {
      await each.streaming.update(each.bytes.subarray(at, at + chunk))
    }
  }
  // The first ones have large batches, which the others make smaller.
  await Promise.all(hashes.map((each, index) => feed(each, 40_000 + 1000 * index)))
  for (const { bytes, streaming } of hashes) expect(await streaming.digest()).toBe(hexOf(bytes))
})

test('a hash that is behind asks its caller to wait, and small content never does', async () => {
  const { hash } = await running()
  const large = hash('sha256', undefined, 64 * mib)
  const bytes = bytesOf(mib)
  let waits = 0
  for (let sent = 0; sent < 8; sent += 1) {
    const busy = large.update(bytes)
    if (busy !== undefined) waits += 1
    await busy
  }
  expect(waits).toBeGreaterThan(0)
  const small = hash('sha256', undefined, 1000)
  expect(small.update(bytes)).toBeUndefined()
  expect(small.digest()).toBe(hexOf(bytes))
})

test('what is hashed before the thread runs is hashed at once', () => {
  const thread = new HashThread()
  threads.push(thread)
  const streaming = threadedHash(thread)('sha256', undefined, 64 * mib)
  expect(streaming.update(bytesOf(mib))).toBeUndefined()
  expect(streaming.digest()).toBe(hexOf(bytesOf(mib)))
})

test('a hash whose thread is gone fails, those after it are hashed at once', async () => {
  const { thread, hash } = await running()
  const streaming = hash('sha256', undefined, 64 * mib)
  const bytes = bytesOf(mib)
  await streaming.update(bytes)
  await thread.end()
  await expect(
    (async () => {
      for (let sent = 0; sent < 4; sent += 1) await streaming.update(bytes)
    })(),
  ).rejects.toThrow('is gone')
  await expect((async () => await streaming.digest())()).rejects.toThrow('is gone')
  const after = hash('sha256', undefined, 64 * mib)
  expect(after.update(bytes)).toBeUndefined()
  expect(after.digest()).toBe(hexOf(bytes))
})

test('a thread that does nothing keeps no process alive', async () => {
  const ports = (): number =>
    process.getActiveResourcesInfo().filter((each) => each === 'MessagePort').length
  const before = ports()
  const { hash } = await running()
  const streaming = hash('sha256', undefined, 8 * mib)
  await streaming.update(bytesOf(6 * mib))
  await streaming.digest()
  expect(ports()).toBe(before)
})

function registryOf(hash: HashFactory): Registry {
  return createRegistry({ hash })
}

test('a push in one request, and one whose digest is wrong', async () => {
  const { hash } = await running()
  const { service } = registryOf(hash)
  const bytes = bytesOf(5 * mib + 3)
  const body = { source: bodyOf(bytes), length: bytes.byteLength }
  const { size } = await service.pushBlob(call, name, sha256(bytes), body)
  expect(size).toBe(bytes.byteLength)
  const wrong = { source: bodyOf(bytesOf(5 * mib + 3, 2)), length: bytes.byteLength }
  const refused = service.pushBlob(call, name, sha256(bytes), wrong)
  await expect(refused).rejects.toMatchObject({ kind: 'digestMismatch' })
})

test('a session over several requests, its chunks large and small', async () => {
  const { hash } = await running()
  const { service } = registryOf(hash)
  const bytes = bytesOf(12 * mib + 1234)
  const ends = [5 * mib, 5 * mib + 10, 7 * mib, 12 * mib]
  const { id } = await service.startUpload(call, name)
  let from = 0
  for (const end of ends) {
    const part = bytes.subarray(from, end)
    // Every second body has no length.
    const length = from % 2 === 0 ? { length: part.byteLength } : {}
    const { offset } = await service.appendUpload(call, name, id, {
      source: bodyOf(part),
      ...length,
    })
    expect(offset).toBe(end)
    from = end
  }
  const rest = { source: bodyOf(bytes.subarray(from)) }
  const { size } = await service.finishUpload(call, name, id, sha256(bytes), rest)
  expect(size).toBe(bytes.byteLength)
})

test('a push fails with its thread, and the session goes on without', async () => {
  const { thread, hash } = await running()
  const { service } = registryOf(hash)
  const bytes = bytesOf(14 * mib)
  const { id } = await service.startUpload(call, name)
  const first = bytes.subarray(0, 5 * mib)
  await service.appendUpload(call, name, id, { source: bodyOf(first), length: first.byteLength })
  const second = bytes.subarray(5 * mib, 10 * mib)
  const broken = bodyOf(second, 60_000, (at) => {
    if (at === 1_200_000) void thread.end()
  })
  const failing = service.appendUpload(call, name, id, {
    source: broken,
    length: second.byteLength,
  })
  await expect(failing).rejects.toThrow('is gone')
  expect((await service.uploadStatus(call, name, id)).offset).toBe(5 * mib)
  await service.appendUpload(call, name, id, { source: bodyOf(second) })
  const rest = { source: bodyOf(bytes.subarray(10 * mib)) }
  const { size } = await service.finishUpload(call, name, id, sha256(bytes), rest)
  expect(size).toBe(bytes.byteLength)
})

test('bytes that came whole before the thread was gone are kept', async () => {
  const { thread, hash } = await running()
  const { service } = registryOf(hash)
  const bytes = bytesOf(5 * mib + 100)
  const { id } = await service.startUpload(call, name)
  const first = bytes.subarray(0, 5 * mib)
  const source = bodyOf(first, mib, (at) => {
    if (at === 4 * mib) void thread.end()
  })
  const { offset } = await service.appendUpload(call, name, id, { source, length: 5 * mib })
  expect(offset).toBe(5 * mib)
  const rest = { source: bodyOf(bytes.subarray(5 * mib)) }
  const { size } = await service.finishUpload(call, name, id, sha256(bytes), rest)
  expect(size).toBe(bytes.byteLength)
})
