import { createHash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import type { DiskStore } from '../../adapters/disk/store.ts'
import {
  callContext,
  type Digest,
  type Notice,
  parseDigest,
  parseRepositoryName,
  type RepositoryName,
} from '../../src/index.ts'
import { bytesSource, newUploadId } from '../../src/kit.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

const call = callContext()

interface Watched {
  readonly store: DiskStore
  readonly files: FaultFiles
  readonly directory: string
  readonly notices: Notice[]
}

async function watched(): Promise<Watched> {
  const directory = await temporaryFolder()
  const files = new FaultFiles(directory)
  const notices: Notice[] = []
  const store = await openStore({ directory, files, onNotice: (notice) => notices.push(notice) })
  return { store, files, directory, notices }
}

async function put({ store }: Watched): Promise<void> {
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(sampleBytes(10))
  await staged.commit(sampleDigest(1))
}

const conditions = ({ notices }: Watched): readonly unknown[] =>
  notices.flatMap((notice) =>
    notice.kind === 'store-condition' ? [`${notice.part} ${notice.state}`] : [],
  )

describe('a part of a store', () => {
  test('is ok until a write fails', async () => {
    const one = await watched()
    await put(one)
    await one.store.check()
    const ok = { state: 'ok', reason: null }
    expect(one.store.status().health).toEqual({ metadata: ok, blobs: ok, uploads: ok })
    expect(conditions(one)).toEqual([])
  })

  test('is full once for all writes that find no room, and has room again once', async () => {
    const one = await watched()
    one.files.judge = ({ operation, path }) =>
      operation === 'write' && path.startsWith('segments') ? 'ENOSPC' : null
    for (let count = 0; count < 3; count++) {
      await expect(put(one)).rejects.toMatchObject({ kind: 'storageFull' })
    }
    await one.store.check()
    expect(one.store.status().health.blobs).toEqual({
      state: 'full',
      reason: 'there is no room left',
    })
    expect(conditions(one)).toEqual(['blobs full'])
    one.files.judge = () => null
    await put(one)
    await put(one)
    expect(conditions(one)).toEqual(['blobs full', 'blobs ok'])
  })

  test.each([
    ['EROFS', 'storageReadOnly', 'read-only', 'the file system is read-only'],
    ['EIO', 'unavailable', 'unavailable', 'the system reports EIO'],
    ['ESTALE', 'unavailable', 'unavailable', 'the system reports ESTALE'],
    ['ENOENT', 'unavailable', 'unavailable', 'files of the store are gone'],
  ])('that meets %s is %s to its callers', async (code, kind, state, reason) => {
    const one = await watched()
    one.files.judge = ({ operation }) => (operation === 'create' ? code : null)
    await expect(put(one)).rejects.toMatchObject({ kind })
    expect(one.store.status().health.blobs).toEqual({ state, reason })
    expect(conditions(one)).toEqual([`blobs ${state}`])
  })

  test('takes no new uploads while it cannot write, and takes them again after', async () => {
    const one = await watched()
    const session = {
      id: newUploadId(),
      repository: parseRepositoryName('a') as RepositoryName,
      principal: null,
      owner: null,
      offset: 0,
      algorithm: 'sha256' as const,
      hexSoFar: null,
      hashState: null,
      stage: null,
      committed: null,
      startedAt: 0,
    }
    const create = (): Promise<boolean> =>
      one.store.uploads.create(session, { total: 10, perOwner: 10 })
    one.files.judge = ({ operation }) =>
      operation === 'create' || operation === 'write' ? 'EROFS' : null
    await expect(put(one)).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(create()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    one.files.judge = () => null
    expect(await create()).toBe(true)
    expect(conditions(one).at(-1)).toBe('uploads ok')
  })

  test('whose blobs are all gone is unavailable, not empty', async () => {
    const one = await watched()
    await put(one)
    const digest = sampleDigest(1)
    const ref = { digest, size: 10, key: `blobs/${digest.replace(':', '/')}` }
    await rm(join(one.directory, 'blobs/sha256'), { recursive: true })
    await expect(one.store.blobs.open(ref)).rejects.toMatchObject({ kind: 'unavailable' })
    await one.store.check()
    expect(conditions(one)).toEqual(['blobs unavailable'])
  })

  test('that has no descriptors left says nothing of the storage', async () => {
    const one = await watched()
    one.files.judge = ({ operation }) => (operation === 'create' ? 'EMFILE' : null)
    await expect(put(one)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(conditions(one)).toEqual([])
  })
})

describe('a look at the folder', () => {
  test('finds that it is gone, and there again', async () => {
    const one = await watched()
    await rename(one.directory, `${one.directory}.away`)
    afterTest(() => rm(`${one.directory}.away`, { recursive: true, force: true }))
    await one.store.check()
    const { health, failure } = one.store.status()
    expect(health.blobs).toEqual({ state: 'unavailable', reason: 'files of the store are gone' })
    expect(health.uploads.state).toBe('unavailable')
    expect(failure).toBeNull()
    await rename(`${one.directory}.away`, one.directory)
    await one.store.check()
    expect(one.store.status().health.blobs.state).toBe('ok')
    expect(conditions(one)).toEqual([
      'metadata unavailable',
      'blobs unavailable',
      'uploads unavailable',
      'metadata ok',
      'blobs ok',
      'uploads ok',
    ])
  })

  test('finds a file system that turned read-only', async () => {
    const one = await watched()
    one.files.judge = ({ operation }) => (operation === 'write' ? 'EROFS' : null)
    await one.store.check()
    expect(one.store.status().health.metadata.state).toBe('read-only')
  })
})

describe('a folder that is gone', () => {
  test.each(['removed', 'moved'])('by being %s acknowledges no change', async (how) => {
    const directory = await temporaryFolder()
    const notices: Notice[] = []
    const registry = await openRegistry({ directory, onNotice: (notice) => notices.push(notice) })
    afterTest(() => registry.close().catch(() => {}))
    const name = parseRepositoryName('a') as RepositoryName
    const bytes = sampleBytes(10)
    const digest = parseDigest(
      `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    ) as Digest
    await registry.service.pushBlob(call, name, digest, { source: bytesSource(bytes) })
    if (how === 'removed') await rm(directory, { recursive: true })
    else {
      await rename(directory, `${directory}.away`)
      afterTest(() => rm(`${directory}.away`, { recursive: true, force: true }))
      await mkdir(join(directory, 'uploads'), { recursive: true })
    }
    await expect(registry.service.deleteBlob(call, name, digest)).rejects.toMatchObject({
      kind: 'unavailable',
    })
    expect(await registry.service.statBlob(call, name, digest)).toMatchObject({ digest })
    // Nothing was written, so nothing is in doubt: the folder may come back.
    expect(registry.status().metadata.state).toBe('ok')
    expect(registry.status().store.health.metadata).toEqual({
      state: 'unavailable',
      reason: 'files of the store are gone',
    })
  })
})
