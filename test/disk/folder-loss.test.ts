import { cp, rename, rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { DiskStore } from '../../adapters/disk/store.ts'
import { type BlobRef, newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import {
  ample,
  claimed,
  found,
  saved,
  session,
  withBytes,
} from '../../src/testing/upload-contract/store-case.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

const digest = sampleDigest(1)
const unavailable = { kind: 'unavailable' }

/** What can go wrong with a folder that is in use, and what is there afterwards. */
const losses: Record<string, (directory: string, away: string) => Promise<void>> = {
  'is moved away': (directory, away) => rename(directory, away),
  'is removed': async (directory) => rm(directory, { recursive: true }),
  'is replaced by a copy': async (directory, away) => {
    await rename(directory, away)
    // Sockets of a lock cannot be copied, nor need they be.
    await cp(away, directory, { recursive: true, filter: (path) => !path.includes('/lock') })
  },
}

/** A store with a blob, a session with bytes, and a log that was written to. */
async function busy(segmentLimit: number) {
  const directory = await temporaryFolder()
  const away = `${directory}.away`
  afterTest(() => rm(away, { recursive: true, force: true }))
  const store = await openStore({ directory, segmentLimit })
  await store.log.load()
  await store.log.adopt({ generation: 0, journalBytes: 0, damaged: [] })
  await store.log.append(sampleBytes(10))
  const blob = await put(store)
  const made = session()
  await store.uploads.create(made, ample)
  const staged = await store.blobs.stage(made.id, {})
  await staged.write(sampleBytes(10))
  const upload = await saved(store.uploads, made, { offset: 10, stage: await staged.suspend() })
  return { store, directory, away, blob, upload }
}

async function put(store: DiskStore): Promise<BlobRef> {
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(sampleBytes(100))
  return await staged.commit(digest)
}

const kinds = { 'in segments': 1024, 'in files': -1 }

describe.each(Object.entries(losses))('a folder that %s', (name, lose) => {
  test.each(Object.entries(kinds))(
    'is noticed, and nothing is acknowledged, with blobs %s',
    async (kind, limit) => {
      const { store, directory, away, blob, upload } = await busy(limit)
      const open = await store.blobs.open(blob)
      const staged = await store.blobs.stage(newUploadId(), {})
      await staged.write(sampleBytes(10))
      await lose(directory, away)

      await expect(store.uploads.check()).rejects.toMatchObject(unavailable)
      await expect(store.blobs.check?.()).rejects.toMatchObject(unavailable)
      // Without the log no name is acknowledged, whatever becomes of bytes in a copy.
      await expect(store.log.append(sampleBytes(10))).rejects.toHaveProperty('kind')
      if (!name.includes('copy')) {
        await expect(staged.commit(digest)).rejects.toMatchObject(unavailable)
        // That the bytes are missing must not be concluded from this.
        const opening = store.blobs.open(blob)
        if (kind === 'in files') await expect(opening).rejects.toMatchObject(unavailable)
        else expect((await opening)?.size).toBe(100)
        await expect(store.blobs.delete(blob)).rejects.toMatchObject(unavailable)
        await expect(put(store)).rejects.toMatchObject(unavailable)
        await expect(saved(store.uploads, upload, withBytes(20))).rejects.toMatchObject(unavailable)
      }
      expect(await found(store.uploads, upload)).toEqual(upload)
      // What was open stays readable.
      expect(await readAll(open?.stream() ?? new ReadableStream())).toEqual(sampleBytes(100))
      await store.close()
    },
  )
})

test('a folder that comes back is used again', async () => {
  const { store, directory, away, blob, upload } = await busy(-1)
  await rename(directory, away)
  await expect(store.blobs.check?.()).rejects.toMatchObject(unavailable)
  await expect(put(store)).rejects.toMatchObject(unavailable)
  await rename(away, directory)
  await store.blobs.check?.()
  await store.uploads.check()
  expect((await store.blobs.open(await put(store)))?.size).toBe(100)
  expect((await store.blobs.open(blob))?.size).toBe(100)
  await claimed(store.uploads, upload, 'me')
  const staged = await store.blobs.stage(upload.id, {}, upload.stage ?? undefined)
  expect(staged.size).toBe(10)
  await staged.discard()
})

test('the folder of one algorithm that is gone is not taken for missing blobs', async () => {
  const { store, directory, blob } = await busy(-1)
  await rm(`${directory}/blobs/sha256`, { recursive: true })
  await expect(store.blobs.open(blob)).rejects.toMatchObject(unavailable)
  await expect(store.blobs.check?.()).rejects.toMatchObject(unavailable)
})

test('the folder of the segments that is gone is not taken for missing blobs', async () => {
  const { store, directory, blob } = await busy(1024)
  await rm(`${directory}/segments`, { recursive: true })
  await expect(store.blobs.check?.()).rejects.toMatchObject(unavailable)
  await expect(put(store)).rejects.toMatchObject(unavailable)
  // Its segment is open no more once the store is opened again.
  await store.close()
  const reader = await openStore({ directory, readOnly: true })
  expect(await reader.blobs.open(blob)).toBeNull()
})

test('small content is not acknowledged beside a folder of blobs that is gone', async () => {
  const { store, directory } = await busy(1024)
  await rm(`${directory}/blobs`, { recursive: true })
  await expect(put(store)).rejects.toMatchObject(unavailable)
  await expect(store.blobs.check?.()).rejects.toMatchObject(unavailable)
})
