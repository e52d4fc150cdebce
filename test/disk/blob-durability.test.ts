import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { digest, faultyStore, plainKey, put } from './faulty-store.ts'

function without(lines: readonly string[], ...operations: readonly string[]): readonly string[] {
  return lines.filter((line) => !operations.some((operation) => line.startsWith(operation)))
}

describe('durability', () => {
  test('a commit syncs the bytes, then renames, then syncs the folder', async () => {
    const { store, files } = await faultyStore()
    const blob = await put(store, sampleBytes(10_240))
    const [create = ''] = files.lines
    const staged = create.replace('create ', '')
    expect(without(files.lines, 'close')).toEqual([
      `create ${staged}`,
      `write ${staged}`,
      `datasync ${staged}`,
      'open-directory blobs/sha256',
      `rename ${staged} ${blob.key}`,
      'sync-directory blobs/sha256',
    ])
  })

  test('each commit has a name of its own, and none is written over', async () => {
    const { store, directory } = await faultyStore()
    const keys = new Set<string>()
    for (let round = 0; round < 20; round += 1) keys.add((await put(store, sampleBytes(10))).key)
    expect(keys.size).toBe(20)
    for (const key of keys) expect(key).toMatch(/^blobs\/sha256\/[0-9a-f]{64}-[0-9a-f]{16}$/)
    expect(await readdir(join(directory, 'blobs/sha256'))).toHaveLength(20)
  })

  test('uploads at once share syncs of the folder', async () => {
    const { store, files } = await faultyStore()
    const digests = Array.from({ length: 64 }, (_, number) => sampleDigest(number))
    await Promise.all(digests.map((each) => put(store, sampleBytes(100), each)))
    const syncs = files.lines.filter((line) => line === 'sync-directory blobs/sha256').length
    expect(syncs).toBeGreaterThan(0)
    expect(syncs).toBeLessThan(40)
  })

  test('a delete syncs the folder', async () => {
    const { store, files } = await faultyStore()
    const blob = await put(store, sampleBytes(10))
    files.calls.length = 0
    await store.blobs.delete(blob)
    expect(files.lines).toEqual([`unlink ${blob.key}`, 'sync-directory blobs/sha256'])
  })

  test('deletes and commits at the same time share syncs of the folder', async () => {
    const { store, files } = await faultyStore()
    const blobs = await Promise.all(Array.from({ length: 40 }, () => put(store, sampleBytes(100))))
    files.calls.length = 0
    const commits = Array.from({ length: 10 }, () => put(store, sampleBytes(100)))
    const deletes = blobs.map((blob) => store.blobs.delete(blob))
    expect(await Promise.all(deletes)).toEqual(Array(40).fill(true))
    await Promise.all(commits)
    const syncs = files.lines.filter((line) => line === 'sync-directory blobs/sha256').length
    expect(syncs).toBeGreaterThan(0)
    expect(syncs).toBeLessThan(30)
  })

  test('names of format 1 open, are listed, and can be deleted', async () => {
    const { store, directory } = await faultyStore()
    const key = plainKey(digest)
    await writeFile(join(directory, key), sampleBytes(100))
    const blob = { digest, size: 100, key }
    const newer = await put(store, sampleBytes(100))
    const listed: unknown[] = []
    for await (const each of store.blobs.list()) listed.push([each.key, each.digest, each.size])
    expect(listed).toEqual([
      [key, digest, 100],
      [newer.key, digest, 100],
    ])
    const open = await store.blobs.open(blob)
    expect(await readAll(open?.stream() ?? new ReadableStream())).toEqual(sampleBytes(100))
    expect(await store.blobs.delete(blob)).toBe(true)
    expect(await store.blobs.open(blob)).toBeNull()
    expect((await store.blobs.open(newer))?.size).toBe(100)
  })

  test('the list says when a key was committed, not when its bytes were written', async () => {
    const { store, directory } = await faultyStore()
    const blob = await put(store, sampleBytes(10))
    const file = join(directory, blob.key)
    await utimes(file, 1, 1)
    const { ctimeMs } = await stat(file)
    for await (const each of store.blobs.list()) expect(each.committedAt).toBe(ctimeMs)
  })
})
