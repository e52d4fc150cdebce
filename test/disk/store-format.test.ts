import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { UnfitFolder } from '../../adapters/disk/store-folder.ts'
import { memoryStores, newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { isFull } from '../services/test-service.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const digest = sampleDigest(1)
const key = `blobs/${digest.replace(':', '/')}`
const upload = newUploadId()

/** Puts a store of format 1 in place, with a blob and an upload session. */
async function makeOld(directory: string): Promise<void> {
  for (const folder of ['blobs/sha256', 'blobs/sha512', 'uploads', 'quarantine']) {
    await mkdir(join(directory, folder), { recursive: true })
  }
  const session = {
    id: upload,
    repository: 'a/b',
    principal: null,
    offset: 10,
    algorithm: 'sha256',
    hexSoFar: null,
    stage: { size: 10 },
    startedAt: 1000,
    touchedAt: Date.now(),
  }
  await writeFile(join(directory, 'store.json'), '{"format":1,"lock":"flock"}\n')
  await writeFile(join(directory, 'journal.0'), '')
  await writeFile(join(directory, key), sampleBytes(100))
  await writeFile(join(directory, 'uploads', upload), sampleBytes(10))
  const document = { format: 1, boot: null, session }
  await writeFile(join(directory, 'uploads', `${upload}.json`), JSON.stringify(document))
}

describe('a store of format 1', () => {
  test('opens with everything it has, and is of format 5 from then on', async () => {
    const directory = await temporaryFolder()
    await makeOld(directory)
    for (let round = 0; round < 2; round += 1) {
      const store = await openStore({ directory })
      const open = await store.blobs.open({ digest, size: 100, key })
      expect(await readAll(open?.stream() ?? new ReadableStream())).toEqual(sampleBytes(100))
      const session = await store.uploads.find(upload, 1e9)
      expect(session).toMatchObject({ id: upload, owner: null, offset: 10, committed: null })
      const staged = await store.blobs.stage(upload, {}, session?.stage ?? undefined)
      expect(await readAll(staged.read())).toEqual(sampleBytes(10))
      await staged.suspend()
      await store.close()
      const marker = await readFile(join(directory, 'store.json'), 'utf8')
      expect(marker).toBe('{"format":5,"lock":"flock","needs":"0.2.0"}\n')
    }
  })

  test('is of format 5, durably, before anything is written that format 1 did not know', async () => {
    const directory = await temporaryFolder()
    await makeOld(directory)
    const files = new FaultFiles(directory)
    const store = await openStore({ directory, files })
    const staged = await store.blobs.stage(newUploadId(), {})
    await staged.commit(digest)
    const steps = files.lines.filter((line) =>
      /^(rename|sync-directory|create|datasync)/.test(line),
    )
    expect(steps.slice(0, 9)).toEqual([
      // The folder that older formats did not have.
      'sync-directory ',
      // Where the folder is, which they did not note.
      'create origin.new',
      'datasync origin.new',
      'rename origin.new origin',
      'sync-directory ',
      'create store.json.new',
      'datasync store.json.new',
      'rename store.json.new store.json',
      'sync-directory ',
    ])
  })

  test('is whole after a death at any step of that', async () => {
    for (let crashAt = 1, lived = false; !lived; crashAt += isFull ? 1 : 6) {
      const directory = await mkdtemp(join(tmpdir(), 'layerdock-upgrade-'))
      try {
        await makeOld(directory)
        const files = new FaultFiles(directory)
        files.crashAt = crashAt
        lived = await openDiskStore({ directory, files }).then(
          async (store) => {
            files.crashAt = Number.POSITIVE_INFINITY
            await store.close()
            return true
          },
          () => false,
        )
        await files.bury()
        const store = await openDiskStore({ directory })
        expect((await store.blobs.open({ digest, size: 100, key }))?.size).toBe(100)
        expect(store.status().uploads).toBe(1)
        await store.close()
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    }
  })

  test('is not changed by being read', async () => {
    const directory = await temporaryFolder()
    await makeOld(directory)
    const store = await openStore({ directory, readOnly: true })
    expect((await store.blobs.open({ digest, size: 100, key }))?.size).toBe(100)
    expect((await store.uploads.find(upload, 1e9))?.offset).toBe(10)
    await store.close()
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toContain('"format":1')
    expect(await readdir(join(directory, 'uploads'))).toHaveLength(2)
  })
})

describe('a store whose bytes are elsewhere', () => {
  test('has no blobs, says so, and is refused without them', async () => {
    const directory = await temporaryFolder()
    const { blobs } = memoryStores()
    const store = await openStore({ directory, blobs })
    expect(store.blobs).toBe(blobs)
    await store.close()
    expect(await readdir(directory)).not.toContain('blobs')
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toBe(
      '{"format":5,"lock":"flock","needs":"0.2.0","blobs":"elsewhere"}\n',
    )
    const refusal = openDiskStore({ directory })
    await expect(refusal).rejects.toBeInstanceOf(UnfitFolder)
    await expect(refusal).rejects.toThrow(/keeps its bytes in a blob store.*the option `blobs`/)
    await expect(openDiskStore({ directory, readOnly: true })).rejects.toThrow('the option `blobs`')
    await (await openStore({ directory, blobs, readOnly: true })).close()
    expect((await openStore({ directory, blobs })).status().blobs).toBe('elsewhere')
  })

  test('is not made of one that has them', async () => {
    const directory = await temporaryFolder()
    await (await openStore({ directory })).close()
    const { blobs } = memoryStores()
    const refusal = openDiskStore({ directory, blobs })
    await expect(refusal).rejects.toBeInstanceOf(UnfitFolder)
    await expect(refusal).rejects.toThrow('keeps its bytes in its own folder')
    await makeOld(directory)
    await expect(openDiskStore({ directory, blobs })).rejects.toThrow('in its own folder')
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toContain('"format":1')
  })

  test('leaves the blob store open when it closes', async () => {
    const directory = await temporaryFolder()
    const { blobs } = memoryStores()
    const close = () => Promise.reject(new Error('closed'))
    await (await openStore({ directory, blobs: { ...blobs, close } })).close()
  })
})
