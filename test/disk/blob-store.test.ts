import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDiskBlob } from '../../adapters/disk/disk-blob.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { firstNames } from '../../adapters/disk/sorted-listing.ts'
import type { DiskStore } from '../../adapters/disk/store.ts'
import { type Digest, parseDigest, parseUploadId } from '../../src/index.ts'
import { type BlobRef, newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const mib = 1024 * 1024
const digest = sampleDigest(1)

async function put(store: DiskStore, bytes: Uint8Array, as: Digest = digest): Promise<BlobRef> {
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(bytes)
  return await staged.commit(as)
}

async function faulty(): Promise<{ store: DiskStore; files: FaultFiles; directory: string }> {
  const directory = await temporaryFolder()
  const files = new FaultFiles(directory)
  const store = await openStore({ directory, files })
  files.calls.length = 0
  return { store, files, directory }
}

function fileOf(directory: string, of: Digest): string {
  return layoutOf(directory).blob(of)
}

describe('durability', () => {
  test('a commit syncs the bytes, then renames, then syncs the folder', async () => {
    const { store, files } = await faulty()
    const blob = await put(store, sampleBytes(10_240))
    const [create = ''] = files.lines
    const staged = create.replace('create ', '')
    const steps = files.lines.filter((line) => !line.startsWith('close'))
    expect(steps).toEqual([
      `create ${staged}`,
      `write ${staged}`,
      `datasync ${staged}`,
      `rename ${staged} ${blob.key}`,
      'open-directory blobs/sha256',
      'sync-directory blobs/sha256',
    ])
  })

  test('a blob that is there already is renamed over and synced all the same', async () => {
    const { store, files } = await faulty()
    await put(store, sampleBytes(10))
    files.calls.length = 0
    await put(store, sampleBytes(10))
    const operations = files.calls.map((call) => call.operation)
    expect(operations.filter((each) => each.startsWith('rename') || each.includes('sync'))).toEqual(
      ['datasync', 'rename', 'sync-directory'],
    )
  })

  test('uploads at once share syncs of the folder', async () => {
    const { store, files } = await faulty()
    const digests = Array.from({ length: 64 }, (_, number) => sampleDigest(number))
    await Promise.all(digests.map((each) => put(store, sampleBytes(100), each)))
    const syncs = files.lines.filter((line) => line === 'sync-directory blobs/sha256').length
    expect(syncs).toBeGreaterThan(0)
    expect(syncs).toBeLessThan(40)
  })

  test('a delete syncs the folder', async () => {
    const { store, files } = await faulty()
    const blob = await put(store, sampleBytes(10))
    files.calls.length = 0
    await store.blobs.delete(blob)
    expect(files.lines).toEqual([`unlink ${blob.key}`, 'sync-directory blobs/sha256'])
  })
})

/** What a caller is told of a disk that reports an error. */
const deviceFailed = { kind: 'unavailable', cause: { code: 'EIO' } }

describe('faults', () => {
  test.each(['write', 'datasync', 'rename', 'sync-directory'])(
    'a failed %s loses this upload alone, and is not tried again',
    async (operation) => {
      const { store, files, directory } = await faulty()
      files.judge = (call) => (call.operation === operation ? 'EIO' : null)
      await expect(put(store, sampleBytes(10))).rejects.toMatchObject(deviceFailed)
      expect(files.calls.filter((call) => call.operation === operation)).toHaveLength(1)
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
      files.judge = () => null
      const blob = await put(store, sampleBytes(20), sampleDigest(2))
      expect((await store.blobs.open(blob))?.size).toBe(20)
    },
  )

  test.each([
    ['ENOSPC', 'write', 'storageFull'],
    ['EDQUOT', 'write', 'storageFull'],
    ['ENOSPC', 'create', 'storageFull'],
    ['EMFILE', 'create', 'unavailable'],
    ['ENFILE', 'create', 'unavailable'],
  ])('%s at %s is told as %s', async (code, operation, kind) => {
    const { store, files, directory } = await faulty()
    files.judge = (call) => (call.operation === operation ? code : null)
    await expect(put(store, sampleBytes(10))).rejects.toMatchObject({ kind })
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a write that fails beside its caller is reported by the next call', async () => {
    const { store, files } = await faulty()
    files.judge = ({ operation }) => (operation === 'write' ? 'EIO' : null)
    const staged = await store.blobs.stage(newUploadId(), {})
    expect(staged.write(sampleBytes(2 * mib))).toBeUndefined()
    await expect(staged.suspend()).rejects.toMatchObject(deviceFailed)
    await expect(staged.write(sampleBytes(1))).rejects.toMatchObject(deviceFailed)
  })

  test('a first chunk that could not be kept leaves nothing behind', async () => {
    const { store, files, directory } = await faulty()
    files.judge = ({ operation }) => (operation === 'write' ? 'ENOSPC' : null)
    const staged = await store.blobs.stage(newUploadId(), {})
    await staged.write(sampleBytes(100))
    await expect(staged.suspend()).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a later chunk that could not be kept leaves the earlier ones', async () => {
    const { store, files } = await faulty()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const second = await store.blobs.stage(id, {}, state)
    await second.write(sampleBytes(50, 2))
    files.judge = ({ operation }) => (operation === 'write' ? 'ENOSPC' : null)
    await expect(second.suspend()).rejects.toMatchObject({ kind: 'storageFull' })
    files.judge = () => null
    const third = await store.blobs.stage(id, {}, state)
    expect(await readAll(third.read())).toEqual(sampleBytes(100))
    await third.discard()
  })

  test('descriptors running out while opening a blob is not taken for a missing blob', async () => {
    const { store, files } = await faulty()
    const blob = await put(store, sampleBytes(10))
    files.judge = ({ operation }) => (operation === 'read' ? 'EMFILE' : null)
    await expect(store.blobs.open(blob)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

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
    const store = await openStore()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const old = await store.blobs.stage(id, {}, state)
    await old.write(sampleBytes(3 * mib, 2))
    const next = await store.blobs.stage(id, {}, state)
    await next.write(sampleBytes(50, 3))
    await expect(old.write(sampleBytes(10))).rejects.toThrow('let go')
    await expect(old.commit(sampleDigest(2))).rejects.toThrow('let go')
    await old.discard()
    const blob = await next.commit(digest)
    expect(blob.size).toBe(150)
    const open = await store.blobs.open(blob)
    expect((await readAll(open?.stream() ?? new ReadableStream())).subarray(100)).toEqual(
      sampleBytes(50, 3),
    )
  })

  test('a stage that begins while another commits does not touch the blob', async () => {
    const store = await openStore()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const old = await store.blobs.stage(id, {}, state)
    const committing = old.commit(digest)
    await expect(store.blobs.stage(id, {}, state)).rejects.toThrow('ENOENT')
    expect((await store.blobs.open(await committing))?.size).toBe(100)
  })

  test('a stage is refused where its bytes are not all there', async () => {
    const { store, directory } = await faulty()
    const id = newUploadId()
    const staged = await store.blobs.stage(id, {})
    await staged.write(sampleBytes(100))
    const state = await staged.suspend()
    await truncate(layoutOf(directory).staged(id), 99)
    await expect(store.blobs.stage(id, {}, state)).rejects.toThrow('99 bytes left of 100')
  })
})

describe('reading', () => {
  test('what stands behind an open blob is its file', async () => {
    const store = await openStore()
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
    const { store, directory } = await faulty()
    const blob = await put(store, sampleBytes(1000))
    await truncate(fileOf(directory, digest), 999)
    expect(await store.blobs.open(blob)).toBeNull()
  })

  test('a file that is cut while it is read errors the stream', async () => {
    const { store, directory } = await faulty()
    const open = await store.blobs.open(await put(store, sampleBytes(400_000)))
    await truncate(fileOf(directory, digest), 100_000)
    await expect(readAll(open?.stream() ?? new ReadableStream())).rejects.toThrow('ends at byte')
  })

  test('every file is closed in the end, however reading ended', async () => {
    const { store, files, directory } = await faulty()
    const blob = await put(store, sampleBytes(400_000))
    files.calls.length = 0
    const whole = await store.blobs.open(blob)
    await readAll(whole?.stream() ?? new ReadableStream())
    const left = await store.blobs.open(blob)
    const reader = left?.stream().getReader()
    await reader?.read()
    await reader?.cancel()
    const failed = await store.blobs.open(blob)
    await truncate(fileOf(directory, digest), 100_000)
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
    const { store, directory } = await faulty()
    const blob = await put(store, sampleBytes(10))
    await writeFile(join(directory, 'blobs/sha256/notes.txt'), 'x')
    await mkdir(fileOf(directory, sampleDigest(2)))
    await symlink('/etc/passwd', fileOf(directory, sampleDigest(3)))
    const keys: string[] = []
    for await (const each of store.blobs.list()) keys.push(each.key)
    expect(keys).toEqual([blob.key])
  })
})

describe('attacks', () => {
  test('a symbolic link in place of a blob is not followed', async () => {
    const { store, directory } = await faulty()
    const secret = join(directory, 'secret')
    await writeFile(secret, 'abc')
    await symlink(secret, fileOf(directory, digest))
    const ref = { digest, size: 3, key: `blobs/sha256/${'0'.repeat(64)}` }
    expect(await store.blobs.open(ref)).toBeNull()
    const blob = await put(store, sampleBytes(5))
    expect((await store.blobs.open(blob))?.size).toBe(5)
    expect(await readFile(secret, 'utf8')).toBe('abc')
  })

  test('a symbolic link in place of staged bytes is not followed', async () => {
    const { store, directory } = await faulty()
    const secret = join(directory, 'secret')
    await writeFile(secret, 'abc')
    const id = newUploadId()
    await symlink(secret, layoutOf(directory).staged(id))
    await expect(store.blobs.stage(id, {}, { size: 3 })).rejects.toThrow('ELOOP')
    const staged = await store.blobs.stage(id, {})
    await staged.write(sampleBytes(10))
    await staged.commit(digest)
    expect(await readFile(secret, 'utf8')).toBe('abc')
  })

  test('a pipe or a folder in place of a blob neither hangs nor opens', async () => {
    const { store, directory } = await faulty()
    await mkdir(fileOf(directory, digest))
    expect(await store.blobs.open({ digest, size: 4096, key: '' })).toBeNull()
    execFileSync('mkfifo', [fileOf(directory, sampleDigest(2))])
    expect(await store.blobs.open({ digest: sampleDigest(2), size: 0, key: '' })).toBeNull()
  })

  test('paths come from the digest, never from the key', async () => {
    const { store, directory } = await faulty()
    const victim = join(directory, 'victim')
    await writeFile(victim, 'abc')
    const evil = { digest, size: 3, key: '../victim' }
    expect(await store.blobs.open(evil)).toBeNull()
    expect(await store.blobs.delete(evil)).toBe(false)
    expect((await stat(victim)).size).toBe(3)
    await rm(victim)
  })

  test('no string that passes for a digest or an id leads out of the folder', () => {
    const layout = layoutOf('/store')
    const piece = fc.constantFrom('..', '/', '\\', '\0', '%2f', ':', 'sha256', 'sha512', 'a', '-')
    const hostile = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64 })
    const text = fc.oneof(hostile, fc.tuple(fc.constantFrom('sha256:', 'sha512:'), hex, hostile))
    fc.assert(
      fc.property(text, (parts) => {
        const name = typeof parts === 'string' ? parts : parts.join('')
        const parsed = parseDigest(name)
        const id = parseUploadId(name)
        const paths: string[] = []
        if (parsed !== null) paths.push(layout.blob(parsed))
        if (id !== null) paths.push(layout.staged(id), layout.session(id))
        for (const path of paths) {
          expect(path.startsWith(`/store${sep}`)).toBe(true)
          expect(path).not.toMatch(/\.\.|\0|%|\\/)
        }
      }),
      { numRuns: 10_000 },
    )
  })
})
