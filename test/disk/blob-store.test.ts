import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isDiskBlob } from '../../adapters/disk/disk-blob.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { firstNames } from '../../adapters/disk/sorted-listing.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { digest, faultyStore, plainKey, put } from './faulty-store.ts'
import { openStore } from './temporary.ts'

const mib = 1024 * 1024

describe('writing', () => {
  test('a writer waits only when one lot is on its way and the next is full', async () => {
    const store = await openStore()
    const staged = await store.blobs.stage(newUploadId(), {})
    expect(staged.write(sampleBytes(mib))).toBeUndefined()
    expect(staged.write(sampleBytes(mib - 1))).toBeUndefined()
    const busy = staged.write(sampleBytes(1))
    expect(busy).toBeInstanceOf(Promise)
    await busy
    expect(staged.write(sampleBytes(10))).toBeUndefined()
    expect((await staged.commit(digest)).size).toBe(2 * mib + 10)
  })

  test('a writer whose place was taken can neither write, commit nor remove', async () => {
    const store = await openStore({ segmentLimit: -1 })
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const old = await store.blobs.stage(id, {}, state)
    await old.write(sampleBytes(3 * mib, 2))
    const next = await store.blobs.stage(id, {}, state)
    await next.write(sampleBytes(50, 3))
    await expect(old.write(sampleBytes(10))).rejects.toThrow('released')
    await expect(old.commit(sampleDigest(2))).rejects.toThrow('released')
    await old.discard()
    const blob = await next.commit(digest)
    expect(blob.size).toBe(150)
    const open = await store.blobs.open(blob)
    expect((await readAll(open?.stream() ?? new ReadableStream())).subarray(100)).toEqual(
      sampleBytes(50, 3),
    )
  })

  test('a stage that begins while another commits does not touch the blob', async () => {
    const store = await openStore({ segmentLimit: -1 })
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const old = await store.blobs.stage(id, {}, state)
    const committing = old.commit(digest)
    const unknown = { kind: 'uploadUnknown' }
    await expect(store.blobs.stage(id, {}, state)).rejects.toMatchObject(unknown)
    expect((await store.blobs.open(await committing))?.size).toBe(100)
  })

  test('a stage is refused where its bytes are not all there', async () => {
    const { store, directory } = await faultyStore()
    const id = newUploadId()
    const staged = await store.blobs.stage(id, {})
    await staged.write(sampleBytes(100))
    const state = await staged.suspend()
    await truncate(layoutOf(directory).staged(id), 99)
    const refused = store.blobs.stage(id, {}, state)
    await expect(refused).rejects.toMatchObject({ kind: 'uploadUnknown' })
    await expect(refused).rejects.toHaveProperty(
      'cause.message',
      expect.stringContaining('99 bytes'),
    )
  })
})

describe('reading', () => {
  test('what stands behind an open blob is its file', async () => {
    const store = await openStore({ segmentLimit: -1 })
    const bytes = sampleBytes(1000)
    const open = await store.blobs.open(await put(store, bytes))
    const native = open?.native
    if (!isDiskBlob(native)) throw new Error('no disk blob')
    const into = new Uint8Array(10)
    expect(await native.read(into, 2, 5, 100)).toBe(5)
    expect(into.subarray(2, 7)).toEqual(bytes.subarray(100, 105))
    expect(await readFile(native.path)).toEqual(Buffer.from(bytes))
    await open?.close()
    expect(isDiskBlob({ path: native.path })).toBe(false)
  })

  test('a file that lost its end does not open', async () => {
    const { store, directory } = await faultyStore()
    const blob = await put(store, sampleBytes(1000))
    await truncate(join(directory, blob.key), 999)
    expect(await store.blobs.open(blob)).toBeNull()
  })

  test('a file that is cut while it is read errors the stream', async () => {
    const { store, directory } = await faultyStore()
    const blob = await put(store, sampleBytes(400_000))
    const open = await store.blobs.open(blob)
    await truncate(join(directory, blob.key), 100_000)
    await expect(readAll(open?.stream() ?? new ReadableStream())).rejects.toThrow('ends at byte')
  })

  test('every file is closed in the end, however reading ended', async () => {
    const { store, files, directory } = await faultyStore()
    const blob = await put(store, sampleBytes(400_000))
    files.calls.length = 0
    const whole = await store.blobs.open(blob)
    await readAll(whole?.stream() ?? new ReadableStream())
    const left = await store.blobs.open(blob)
    const reader = left?.stream().getReader()
    await reader?.read()
    await reader?.cancel()
    const failed = await store.blobs.open(blob)
    await truncate(join(directory, blob.key), 100_000)
    await readAll(failed?.stream() ?? new ReadableStream()).catch(() => {})
    expect(files.lines.filter((line) => line.startsWith('close'))).toHaveLength(3)
  })

  test('a list longer than one walk is whole and in order', async () => {
    const names = Array.from({ length: 1000 }, (_, number) => String((number * 7919) % 1000))
    async function* walk(): AsyncGenerator<string> {
      yield* names
    }
    const found: string[] = []
    for (;;) {
      const next = await firstNames(walk(), found.at(-1) ?? '', 64)
      if (next.length === 0) break
      found.push(...next)
    }
    expect(found).toEqual([...new Set(names)].sort())
  })

  test('what else lies in the folder is not listed', async () => {
    const { store, directory } = await faultyStore()
    const blob = await put(store, sampleBytes(10))
    await writeFile(join(directory, 'blobs/sha256/notes.txt'), 'x')
    await writeFile(join(directory, `${blob.key}.new`), 'x')
    await writeFile(join(directory, `${plainKey(digest)}-`), 'x')
    await mkdir(join(directory, plainKey(sampleDigest(2))))
    await symlink('/etc/passwd', join(directory, plainKey(sampleDigest(3))))
    await symlink('/etc/passwd', join(directory, `${plainKey(digest)}-${'0'.repeat(16)}`))
    const keys: string[] = []
    for await (const each of store.blobs.list()) keys.push(each.key)
    expect(keys).toEqual([blob.key])
  })
})
