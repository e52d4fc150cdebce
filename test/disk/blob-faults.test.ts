import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Files } from '../../adapters/disk/files.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { RegistryError } from '../../src/index.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { digest, faultyStore, put } from './faulty-store.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const mib = 1024 * 1024

describe('faults', () => {
  test.each(['write', 'datasync', 'rename'])(
    'a failed %s loses this upload alone, and is not tried again',
    async (operation) => {
      const { store, files, directory } = await faultyStore()
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
      const { store, files, directory } = await faultyStore()
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

  test('a large upload is synced while it still comes', async () => {
    const { store, files } = await faultyStore()
    const staged = await store.blobs.stage(newUploadId(), {})
    for (let sent = 0; sent < 34; sent += 1) await staged.write(new Uint8Array(mib))
    const syncs = (): number => files.calls.filter((call) => call.operation === 'datasync').length
    // It may still be waiting for the file, which was opened meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
    const before = syncs()
    expect(before).toBeGreaterThan(0)
    const blob = await staged.commit(digest)
    expect(syncs()).toBe(before + 1)
    const operations = files.calls.map((call) => call.operation)
    expect(operations.lastIndexOf('datasync')).toBeGreaterThan(operations.lastIndexOf('write'))
    expect(operations.lastIndexOf('datasync')).toBeLessThan(operations.indexOf('rename'))
    const open = await store.blobs.open(blob)
    expect(open?.size).toBe(34 * mib)
    await open?.close()
  })

  test.each(['commit', 'suspend', 'discard', 'stage anew'] as const)(
    'a sync that fails while bytes still come loses what was suspended too: %s',
    async (ending) => {
      const { store, files, directory } = await faultyStore()
      const id = newUploadId()
      const first = await store.blobs.stage(id, {})
      await first.write(sampleBytes(100))
      const state = await first.suspend()
      const second = await store.blobs.stage(id, {}, state)
      let failures = 1
      files.judge = ({ operation }) => (operation === 'datasync' && failures-- > 0 ? 'EIO' : null)
      // The sync begins with the last of these.
      for (let sent = 0; sent < 31; sent += 1) await second.write(new Uint8Array(mib))
      const last = (async () => await second.write(new Uint8Array(mib)))().catch(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      if (ending === 'commit') {
        await expect(second.commit(digest)).rejects.toThrow('could not be synced')
      } else if (ending === 'suspend') {
        await expect(second.suspend()).rejects.toThrow('could not be synced')
      } else if (ending === 'discard') await second.discard()
      await last
      await expect(store.blobs.stage(id, {}, state)).rejects.toMatchObject({
        kind: 'uploadUnknown',
      })
      expect(files.calls.filter((call) => call.operation === 'datasync')).toHaveLength(1)
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    },
  )

  test('a sync that fails while bytes still come removes the file before the client sends more', async () => {
    const { store, files, directory } = await faultyStore()
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const second = await store.blobs.stage(id, {}, state)
    files.judge = ({ operation }) => (operation === 'datasync' ? 'EIO' : null)
    for (let sent = 0; sent < 31; sent += 1) await second.write(new Uint8Array(mib))
    // The sync begins with it.
    await Promise.allSettled([second.write(new Uint8Array(mib))])
    await expect.poll(() => readdir(join(directory, 'uploads'))).toEqual([])
    await files.bury()
  })

  test('an early sync that fails after a write did loses what was suspended too', async () => {
    const directory = await temporaryFolder()
    let failSync = (): void => {}
    let tellSync = (): void => {}
    const started = new Promise<void>((resolve) => {
      tellSync = resolve
    })
    let isFull = false
    let cuts = 0
    const files: Files = {
      ...nodeFiles,
      async open(path, mode) {
        const file = await nodeFiles.open(path, mode)
        if (!path.includes('uploads/')) return file
        return {
          fd: file.fd,
          size: file.size,
          identity: file.identity,
          read: (...given) => file.read(...given),
          readNow: (...given) => file.readNow(...given),
          async truncate(size) {
            cuts += 1
            await file.truncate(size)
          },
          close: () => file.close(),
          async write(chunks, position) {
            if (isFull) throw new RegistryError('storageFull')
            return await file.write(chunks, position)
          },
          async datasync() {
            tellSync()
            await new Promise<void>((_, reject) => {
              failSync = () => reject(new Error('EIO'))
            })
          },
        }
      },
    }
    const store = await openStore({ directory, files, segmentLimit: -1 })
    const id = newUploadId()
    const first = await store.blobs.stage(id, {})
    await first.write(sampleBytes(100))
    const state = await first.suspend()
    const second = await store.blobs.stage(id, {}, state)
    for (let sent = 0; sent < 32; sent += 1) await second.write(new Uint8Array(mib))
    await started
    isFull = true
    await Promise.allSettled([second.write(new Uint8Array(mib))])
    const suspended = Promise.allSettled([second.suspend()])
    // It must not decide to keep the file before the sync has ended.
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    failSync()
    expect(await suspended).toMatchObject([{ status: 'rejected' }])
    expect(cuts).toBe(0)
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a failed sync of the folder ends writing, and no later sync makes up for it', async () => {
    const { store, files, notices } = await faultyStore()
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
    const { store, files } = await faultyStore()
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
    const { store, files } = await faultyStore()
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
    const { store, files, directory } = await faultyStore()
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
    const { store, files, directory } = await faultyStore()
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
    const { store, files, directory } = await faultyStore()
    files.judge = (call) => (call.operation === operation ? code : null)
    await expect(put(store, sampleBytes(10))).rejects.toMatchObject({ kind })
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a write that fails beside its caller is reported by the next call', async () => {
    const { store, files } = await faultyStore()
    files.judge = ({ operation }) => (operation === 'write' ? 'EIO' : null)
    const staged = await store.blobs.stage(newUploadId(), {})
    expect(staged.write(sampleBytes(2 * mib))).toBeUndefined()
    const failure = { kind: 'unavailable', cause: { code: 'EIO' } }
    await expect(staged.suspend()).rejects.toMatchObject(failure)
    await expect(staged.write(sampleBytes(1))).rejects.toMatchObject(failure)
  })

  test('a first chunk that could not be kept leaves nothing behind', async () => {
    const { store, files, directory } = await faultyStore()
    files.judge = ({ operation }) => (operation === 'write' ? 'ENOSPC' : null)
    const staged = await store.blobs.stage(newUploadId(), {})
    await staged.write(sampleBytes(100))
    await expect(staged.suspend()).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a later chunk that could not be kept leaves the earlier ones', async () => {
    const { store, files } = await faultyStore()
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
    const { store, files } = await faultyStore()
    const blob = await put(store, sampleBytes(10))
    files.judge = ({ operation }) => (operation === 'read' ? 'EMFILE' : null)
    await expect(store.blobs.open(blob)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
