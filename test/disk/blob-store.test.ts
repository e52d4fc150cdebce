import { execFileSync } from 'node:child_process'
import {
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBlobKey } from '../../adapters/disk/blob-key.ts'
import { isDiskBlob } from '../../adapters/disk/disk-blob.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { firstNames } from '../../adapters/disk/sorted-listing.ts'
import type { DiskStore } from '../../adapters/disk/store.ts'
import { type Digest, type Notice, parseUploadId } from '../../src/index.ts'
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

interface Faulty {
  readonly store: DiskStore
  readonly files: FaultFiles
  readonly directory: string
  readonly notices: Notice[]
}

async function faulty(): Promise<Faulty> {
  const directory = await temporaryFolder()
  const files = new FaultFiles(directory)
  const notices: Notice[] = []
  const store = await openStore({ directory, files, onNotice: (notice) => notices.push(notice) })
  files.calls.length = 0
  return { store, files, directory, notices }
}

/** A key of format 1, which other names in the folder look like. */
function plainKey(of: Digest): string {
  return `blobs/${of.replace(':', '/')}`
}

function without(lines: readonly string[], ...operations: readonly string[]): readonly string[] {
  return lines.filter((line) => !operations.some((operation) => line.startsWith(operation)))
}

describe('durability', () => {
  test('a commit syncs the bytes, then renames, then syncs the folder', async () => {
    const { store, files } = await faulty()
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
    const { store, directory } = await faulty()
    const keys = new Set<string>()
    for (let round = 0; round < 20; round += 1) keys.add((await put(store, sampleBytes(10))).key)
    expect(keys.size).toBe(20)
    for (const key of keys) expect(key).toMatch(/^blobs\/sha256\/[0-9a-f]{64}-[0-9a-f]{16}$/)
    expect(await readdir(join(directory, 'blobs/sha256'))).toHaveLength(20)
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

  test('deletes and commits at the same time share syncs of the folder', async () => {
    const { store, files } = await faulty()
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
    const { store, directory } = await faulty()
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
    const { store, directory } = await faulty()
    const blob = await put(store, sampleBytes(10))
    const file = join(directory, blob.key)
    await utimes(file, 1, 1)
    const { ctimeMs } = await stat(file)
    for await (const each of store.blobs.list()) expect(each.committedAt).toBe(ctimeMs)
  })
})

describe('faults', () => {
  test.each(['write', 'datasync', 'rename'])(
    'a failed %s loses this upload alone, and is not tried again',
    async (operation) => {
      const { store, files, directory } = await faulty()
      files.judge = (call) => (call.operation === operation ? 'EIO' : null)
      const failure =
        operation === 'datasync'
          ? { message: expect.stringContaining('could not be synced') }
          : { kind: 'unavailable', cause: { code: 'EIO' } }
      await expect(put(store, sampleBytes(10))).rejects.toMatchObject(failure)
      expect(files.calls.filter((call) => call.operation === operation)).toHaveLength(1)
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
      files.judge = () => null
      const blob = await put(store, sampleBytes(20), sampleDigest(2))
      expect((await store.blobs.open(blob))?.size).toBe(20)
    },
  )

  test.each(['EIO', 'ENOSPC'])(
    'a failed datasync (%s) loses what was suspended too, as nobody knows what is there',
    async (code) => {
      const { store, files, directory } = await faulty()
      const id = newUploadId()
      const first = await store.blobs.stage(id, {})
      await first.write(sampleBytes(100))
      const state = await first.suspend()
      const second = await store.blobs.stage(id, {}, state)
      files.judge = ({ operation }) => (operation === 'datasync' ? code : null)
      const failed = second.commit(digest)
      await expect(failed).rejects.toThrow('could not be synced')
      await expect(failed).rejects.not.toHaveProperty('kind')
      files.judge = () => null
      await expect(store.blobs.stage(id, {}, state)).rejects.toMatchObject({
        kind: 'uploadUnknown',
      })
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    },
  )

  test('a failed sync of the folder ends writing, and no later sync makes up for it', async () => {
    const { store, files, notices } = await faulty()
    const early = await put(store, sampleBytes(30), sampleDigest(3))
    const other = await store.blobs.stage(newUploadId(), {})
    await other.write(sampleBytes(10))
    let failures = 1
    files.judge = ({ operation }) =>
      operation === 'sync-directory' && failures-- > 0 ? 'EIO' : null
    const readOnly = { kind: 'storageReadOnly' }
    await expect(put(store, sampleBytes(10))).rejects.toMatchObject(readOnly)
    files.calls.length = 0
    await expect(other.commit(digest)).rejects.toMatchObject(readOnly)
    await expect(store.blobs.stage(newUploadId(), {})).rejects.toMatchObject(readOnly)
    await expect(store.blobs.delete(early)).rejects.toMatchObject(readOnly)
    await expect(store.blobs.check?.()).rejects.toMatchObject(readOnly)
    expect(files.lines.filter((line) => /sync|rename/.test(line))).toEqual([
      expect.stringContaining('datasync'),
    ])
    const readOnlyNotices = notices.filter(({ kind }) => kind === 'store-read-only')
    expect(readOnlyNotices).toMatchObject([{ error: { code: 'EIO' } }])
    expect(store.status().failure).toMatchObject(readOnly)
    expect((await store.blobs.open(early))?.size).toBe(30)
  })

  test('those who wait for the sync that fails, and for the next, are all refused', async () => {
    const { store, files } = await faulty()
    await put(store, sampleBytes(10))
    let failures = 1
    files.judge = ({ operation }) =>
      operation === 'sync-directory' && failures-- > 0 ? 'EIO' : null
    const pushes = Array.from({ length: 30 }, () => put(store, sampleBytes(100)))
    for (const result of await Promise.allSettled(pushes)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'storageReadOnly' } })
    }
  })

  test.each([
    ['ENOSPC', 'write', 'storageFull'],
    ['ENOSPC', 'rename', 'storageFull'],
    ['EDQUOT', 'rename', 'storageFull'],
    ['EMFILE', 'open-directory', 'unavailable'],
    ['EROFS', 'rename', 'storageReadOnly'],
  ])('%s at %s during a commit keeps what was suspended', async (code, operation, kind) => {
    const { store, files } = await faulty()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const second = await store.blobs.stage(id, {}, state)
    await second.write(sampleBytes(5000, 2))
    files.judge = (call) => (call.operation === operation ? code : null)
    await expect(second.commit(digest)).rejects.toMatchObject({ kind })
    await expect(second.commit(digest)).rejects.toMatchObject({ kind })
    files.judge = () => null
    const third = await store.blobs.stage(id, {}, state)
    expect(third.size).toBe(100)
    await third.write(sampleBytes(5000, 2))
    await second.discard()
    const blob = await third.commit(digest)
    const open = await store.blobs.open(blob)
    expect((await readAll(open?.stream() ?? new ReadableStream())).subarray(100)).toEqual(
      sampleBytes(5000, 2),
    )
  })

  test('a full disk gets back what came after the suspended bytes', async () => {
    const { store, files, directory } = await faulty()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    for (const end of ['suspend', 'commit'] as const) {
      const next = await store.blobs.stage(id, {}, state)
      let writes = 0
      files.judge = ({ operation }) => {
        if (operation !== 'write') return null
        writes += 1
        return writes > 2 ? 'ENOSPC' : 1000
      }
      await next.write(sampleBytes(5000))
      const ending = end === 'suspend' ? next.suspend() : next.commit(digest)
      await expect(ending).rejects.toMatchObject({ kind: 'storageFull' })
      files.judge = () => null
      expect((await stat(layoutOf(directory).staged(id))).size).toBe(100)
    }
  })

  test('what failed to commit can be discarded', async () => {
    const { store, files, directory } = await faulty()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const second = await store.blobs.stage(id, {}, await first.suspend())
    files.judge = ({ operation }) => (operation === 'rename' ? 'ENOSPC' : null)
    await expect(second.commit(digest)).rejects.toMatchObject({ kind: 'storageFull' })
    await second.discard()
    await second.discard()
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

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
    const failure = { kind: 'unavailable', cause: { code: 'EIO' } }
    await expect(staged.suspend()).rejects.toMatchObject(failure)
    await expect(staged.write(sampleBytes(1))).rejects.toMatchObject(failure)
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
    const store = await openStore()
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
    const { store, directory } = await faulty()
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
    await truncate(join(directory, blob.key), 999)
    expect(await store.blobs.open(blob)).toBeNull()
  })

  test('a file that is cut while it is read errors the stream', async () => {
    const { store, directory } = await faulty()
    const blob = await put(store, sampleBytes(400_000))
    const open = await store.blobs.open(blob)
    await truncate(join(directory, blob.key), 100_000)
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
    const { store, directory } = await faulty()
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

describe('attacks', () => {
  test('a symbolic link in place of a blob is not followed', async () => {
    const { store, directory } = await faulty()
    const secret = join(directory, 'secret')
    await writeFile(secret, 'abc')
    await symlink(secret, join(directory, plainKey(digest)))
    expect(await store.blobs.open({ digest, size: 3, key: plainKey(digest) })).toBeNull()
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
    const unknown = { kind: 'uploadUnknown' }
    await expect(store.blobs.stage(id, {}, { size: 3 })).rejects.toMatchObject(unknown)
    const staged = await store.blobs.stage(id, {})
    await staged.write(sampleBytes(10))
    await staged.commit(digest)
    expect(await readFile(secret, 'utf8')).toBe('abc')
  })

  test('a pipe or a folder in place of a blob neither hangs nor opens', async () => {
    const { store, directory } = await faulty()
    const [folder, pipe] = [digest, sampleDigest(2)]
    await mkdir(join(directory, plainKey(folder)))
    const ref = { digest: folder, size: 4096, key: plainKey(folder) }
    expect(await store.blobs.open(ref)).toBeNull()
    execFileSync('mkfifo', [join(directory, plainKey(pipe))])
    expect(await store.blobs.open({ digest: pipe, size: 0, key: plainKey(pipe) })).toBeNull()
  })

  test.each([
    '../victim',
    'blobs/../victim',
    'blobs/sha256/../../victim',
    'blobs/sha256/x',
    '/etc/passwd',
    'store.json',
    'uploads/x',
  ])('the key %s opens and deletes nothing', async (key) => {
    const { store, directory } = await faulty()
    const victim = join(directory, 'victim')
    await writeFile(victim, 'abc')
    const evil = { digest, size: 3, key }
    expect(await store.blobs.open(evil)).toBeNull()
    expect(await store.blobs.delete(evil)).toBe(false)
    expect((await stat(victim)).size).toBe(3)
    await rm(victim)
  })

  test('a key of another digest opens and deletes nothing', async () => {
    const { store } = await faulty()
    const blob = await put(store, sampleBytes(10))
    const evil = { ...blob, digest: sampleDigest(2) }
    expect(await store.blobs.open(evil)).toBeNull()
    expect(await store.blobs.delete(evil)).toBe(false)
    expect((await store.blobs.open(blob))?.size).toBe(10)
  })

  test('no string that passes for a key or an id leads out of the folder', () => {
    const layout = layoutOf('/store')
    const piece = fc.constantFrom(
      '..',
      '/',
      '\\',
      '\0',
      '%2f',
      'blobs',
      'sha256',
      'sha512',
      'a',
      '-',
    )
    const hostile = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64 })
    const start = fc.constantFrom('blobs/sha256/', 'blobs/sha512/', '')
    const text = fc.oneof(hostile, fc.tuple(start, hex, hostile))
    fc.assert(
      fc.property(text, (parts) => {
        const name = typeof parts === 'string' ? parts : parts.join('')
        const parsed = parseBlobKey(name)
        const id = parseUploadId(name)
        const paths: string[] = []
        if (parsed !== null) paths.push(layout.blob(parsed.key))
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
