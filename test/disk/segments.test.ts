import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BlobRef, StagedBlob } from '../../src/kit.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { type FaultyStore, faultyStore, put } from './faulty-store.ts'
import { openStore } from './temporary.ts'

const limit = 64 * 1024

async function read({ store }: Pick<FaultyStore, 'store'>, blob: BlobRef): Promise<unknown> {
  const open = await store.blobs.open(blob)
  return open === null ? null : await readAll(open.stream())
}

async function keys({ store }: Pick<FaultyStore, 'store'>): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.blobs.list()) found.push(key)
  return found
}

describe('small content', () => {
  test('is appended, synced, and its segment has a durable name, before it is acknowledged', async () => {
    const one = await faultyStore(limit)
    const blob = await put(one.store, sampleBytes(10_240))
    const [segment = ''] = await readdir(join(one.directory, 'segments'))
    expect(one.files.lines.filter((line) => !line.startsWith('stat'))).toEqual([
      'open-directory segments',
      `create segments/${segment}`,
      `write segments/${segment}`,
      `datasync segments/${segment}`,
      'sync-directory segments',
    ])
    expect(blob.key).toBe(`segments/${segment}:0:10240`)
    one.files.calls.length = 0
    await put(one.store, sampleBytes(500))
    expect(one.files.lines.filter((line) => !line.startsWith('stat'))).toEqual([
      `write segments/${segment}`,
      `datasync segments/${segment}`,
    ])
  })

  test('that arrives together shares a write and a sync', async () => {
    const one = await faultyStore(limit)
    const digests = Array.from({ length: 64 }, (_, number) => sampleDigest(number))
    const blobs = await Promise.all(
      digests.map((each, number) => put(one.store, sampleBytes(1000, number), each)),
    )
    const syncs = one.files.lines.filter((line) => line.startsWith('datasync')).length
    expect(syncs).toBeLessThan(10)
    for (const [number, blob] of blobs.entries()) {
      expect(await read(one, blob)).toEqual(sampleBytes(1000, number))
    }
    expect(new Set(blobs.map(({ key }) => key)).size).toBe(64)
    expect(await keys(one)).toEqual(blobs.map(({ key }) => key))
  })

  test('goes into a file where it is one byte too long', async () => {
    const one = await faultyStore(1000)
    expect((await put(one.store, sampleBytes(1000))).key).toMatch(/^segments\//)
    expect((await put(one.store, sampleBytes(1001))).key).toMatch(/^blobs\//)
    const staged = await one.store.blobs.stage(newUploadId(), { length: 1001 })
    await staged.write(sampleBytes(1001))
    expect((await staged.commit(sampleDigest(2))).key).toMatch(/^blobs\//)
  })

  test('of an upload that was suspended leaves no file of it behind', async () => {
    const one = await faultyStore(limit)
    const id = newUploadId()
    const first = await one.store.blobs.stage(id, {})
    await first.write(sampleBytes(700))
    const state = await first.suspend()
    const second = await one.store.blobs.stage(id, {}, state)
    const blob = await second.commit(sampleDigest(1))
    expect(blob.key).toMatch(/^segments\//)
    expect(await read(one, blob)).toEqual(sampleBytes(700))
    expect(await readdir(join(one.directory, 'uploads'))).toEqual([])
  })

  test('that comes in many small pieces takes a file, and fails with it', async () => {
    const one = await faultyStore(limit)
    const bytes = sampleBytes(3000)
    const write = async (staged: StagedBlob): Promise<void> => {
      for (const at of bytes.keys()) await staged.write(bytes.slice(at, at + 1))
    }
    const staged = await one.store.blobs.stage(newUploadId(), {})
    await write(staged)
    expect(await readdir(join(one.directory, 'uploads'))).toHaveLength(1)
    expect(await read(one, await staged.commit(sampleDigest(1)))).toEqual(bytes)
    one.files.judge = ({ operation }) => (operation === 'create' ? 'ENOSPC' : null)
    const failing = await one.store.blobs.stage(newUploadId(), {})
    const failed = write(failing).then(() => failing.suspend())
    await expect(failed).rejects.toMatchObject({ kind: 'storageFull' })
    one.files.judge = () => null
    expect(await readdir(join(one.directory, 'uploads'))).toEqual([])
  })

  test('is read, listed and deleted by the next process, which begins a segment of its own', async () => {
    const one = await faultyStore(limit)
    const kept = await put(one.store, sampleBytes(100, 1), sampleDigest(1))
    const gone = await put(one.store, sampleBytes(200, 2), sampleDigest(2, 'sha512'))
    expect(await one.store.blobs.delete(gone)).toBe(true)
    await one.store.close()
    const next = { store: await openStore({ directory: one.directory }) }
    expect(await read(next, kept)).toEqual(sampleBytes(100, 1))
    expect(await read(next, gone)).toBeNull()
    expect(await next.store.blobs.delete(gone)).toBe(false)
    expect(await keys(next)).toEqual([kept.key])
    const added = await put(next.store, sampleBytes(300), sampleDigest(3))
    expect(added.key.split(':')[0]).not.toBe(kept.key.split(':')[0])
    expect((await keys(next)).sort()).toEqual([kept.key, added.key].sort())
  })

  test('whose bytes rotted is not read, at their old length', async () => {
    const one = await faultyStore(limit)
    const blob = await put(one.store, sampleBytes(1000), sampleDigest(1))
    const other = await put(one.store, sampleBytes(900), sampleDigest(2))
    const [segment = ''] = await readdir(join(one.directory, 'segments'))
    const path = join(one.directory, 'segments', segment)
    const whole = await readFile(path)
    expect(whole.subarray(0, 5).toString()).toBe('blob ')
    for (const at of [0, 30, 80, 116, 117, 600, 1116]) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 4
      await writeFile(path, bytes)
      expect(await read(one, blob), `byte ${at}`).toBeNull()
      expect(await read(one, other)).toEqual(sampleBytes(900))
      // A walk goes on behind what is damaged.
      expect(await keys(one)).toContain(other.key)
    }
  })
})

describe('a segment that is mostly deleted', () => {
  async function half(): Promise<{ one: FaultyStore; kept: BlobRef[]; segment: string }> {
    const one = await faultyStore(limit)
    const blobs = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        put(one.store, sampleBytes(5000, number), sampleDigest(number)),
      ),
    )
    const kept = blobs.filter((_, number) => number % 4 === 0)
    for (const blob of blobs) if (!kept.includes(blob)) await one.store.blobs.delete(blob)
    const [segment = ''] = await readdir(join(one.directory, 'segments'))
    return { one, kept, segment }
  }

  test('is copied, its names follow, and it goes', async () => {
    const { one, kept, segment } = await half()
    const { size } = await stat(join(one.directory, 'segments', segment))
    const moved = new Map<string, BlobRef>()
    const freed = await one.store.blobs.compact?.(async (from, to) => {
      expect(await read(one, from)).toEqual(await read(one, to))
      moved.set(from.key, to)
      await one.store.blobs.delete(from)
    })
    expect(freed).toBe(size)
    expect([...moved.keys()].sort()).toEqual(kept.map(({ key }) => key).sort())
    for (const [number, blob] of kept.entries()) {
      const copy = moved.get(blob.key) as BlobRef
      expect(copy).toMatchObject({ digest: blob.digest, size: 5000 })
      expect(await read(one, copy)).toEqual(sampleBytes(5000, number * 4))
      expect(await read(one, blob)).toBeNull()
    }
    const left = await readdir(join(one.directory, 'segments'))
    expect(left.some((name) => name.startsWith(segment))).toBe(false)
    expect(await one.store.blobs.compact?.(async () => {})).toBe(0)
  })

  test('stays while something in it has no name yet, or could not be moved', async () => {
    const { one, kept, segment } = await half()
    const spare = kept[3] as BlobRef
    await one.store.blobs.compact?.(async (from, to) => {
      await one.store.blobs.delete(from.key === spare.key ? to : from)
    })
    expect(await readdir(join(one.directory, 'segments'))).toContain(segment)
    expect(await read(one, spare)).toEqual(sampleBytes(5000, 12))
    await expect(
      one.store.blobs.compact?.(async () => {
        throw new Error('the names cannot be changed')
      }),
    ).rejects.toThrow('the names')
    expect(await read(one, spare)).toEqual(sampleBytes(5000, 12))
  })

  test('is let alone while a twentieth of all bytes is deleted, and copied once a tenth is', async () => {
    const one = await faultyStore(limit)
    const blobs = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        put(one.store, sampleBytes(5000, number), sampleDigest(number)),
      ),
    )
    const forget = async (number: number): Promise<void> => {
      await one.store.blobs.delete(blobs[number] as BlobRef)
    }
    const move = async (from: BlobRef): Promise<void> => void (await one.store.blobs.delete(from))
    await forget(0)
    expect(await one.store.blobs.compact?.(move)).toBe(0)
    expect(await readdir(join(one.directory, 'segments'))).toHaveLength(2)
    await forget(1)
    expect(await one.store.blobs.compact?.(move)).toBeGreaterThan(100_000)
    // The copies, and none of it is deleted.
    expect(await readdir(join(one.directory, 'segments'))).toHaveLength(1)
  })

  test('goes alone where the others have little that is deleted', async () => {
    const { directory, store: first } = await faultyStore(limit)
    let store = first
    const blobs: BlobRef[] = []
    for (let life = 0; life < 4; life += 1) {
      for (let number = 0; number < 10; number += 1) {
        const at = life * 10 + number
        blobs.push(await put(store, sampleBytes(5000, at), sampleDigest(at)))
      }
      await store.close()
      store = await openStore({ directory })
    }
    for (const number of [0, 1, 2, 3, 10, 11]) await store.blobs.delete(blobs[number] as BlobRef)
    const moved: BlobRef[] = []
    await store.blobs.compact?.(async (from) => {
      moved.push(from)
      await store.blobs.delete(from)
    })
    expect(moved.map(({ digest }) => digest).sort()).toEqual(
      blobs
        .slice(4, 10)
        .map(({ digest }) => digest)
        .sort(),
    )
  })
})

test('small segments of many short lives are merged', async () => {
  const one = await faultyStore(limit)
  const blobs = [await put(one.store, sampleBytes(100, 0), sampleDigest(0))]
  await one.store.close()
  for (let life = 1; life < 12; life += 1) {
    const store = await openStore({ directory: one.directory })
    blobs.push(await put(store, sampleBytes(100, life), sampleDigest(life)))
    await store.close()
  }
  const last = { store: await openStore({ directory: one.directory }) }
  const moved = new Map<string, BlobRef>()
  await last.store.blobs.compact?.(async (from, to) => {
    moved.set(from.key, to)
    await last.store.blobs.delete(from)
  })
  for (const [life, blob] of blobs.entries()) {
    expect(await read(last, moved.get(blob.key) ?? blob)).toEqual(sampleBytes(100, life))
  }
  expect(await readdir(join(one.directory, 'segments'))).toHaveLength(1)
})
