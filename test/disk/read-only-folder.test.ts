import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { openMetadata } from '../../src/kit.ts'
import { type Call, FaultFiles } from './fault-files.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

/** What a read-only file system refuses. */
const writes = new Set([
  'create',
  'ensure',
  'link',
  'make-directory',
  'rename',
  'truncate',
  'unlink',
  'write',
])
const refuseWrites =
  (code: string) =>
  ({ operation }: Call): string | null =>
    writes.has(operation) ? code : null

/** Every file of a folder, with its content. */
async function contentOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const content: Map<string, string> = new Map()
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    content.set(
      path,
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    )
  }
  return content
}

async function closedStore(): Promise<string> {
  const directory = await temporaryFolder()
  const store = await openStore({ directory })
  const metadata = await openMetadata({ log: store.log, leaseMs: 0 })
  await metadata.close()
  await store.close()
  return directory
}

describe('a folder that may not be written', () => {
  test.each(['EROFS', 'EACCES'])('is opened to be read, and left as it is: %s', async (code) => {
    const directory = await closedStore()
    await appendFile(join(directory, 'journal.0'), 'torn')
    await writeFile(join(directory, 'uploads/left-behind'), 'x')
    const before = await contentOf(directory)
    const files = new FaultFiles(directory)
    files.judge = refuseWrites(code)
    const events: unknown[] = []
    const store = await openDiskStore({
      directory,
      files,
      readOnly: true,
      events: (event) => events.push(event),
    })
    afterTest(() => store.close())
    const metadata = await openMetadata({ log: store.log, leaseMs: 0, readOnly: true })
    await store.check()
    expect(store.status()).toMatchObject({
      readOnly: true,
      failure: null,
      health: { metadata: { state: 'ok' }, blobs: { state: 'ok' }, uploads: { state: 'ok' } },
    })
    expect(metadata.status().state).toBe('read-only')
    await metadata.close()
    await store.close()
    expect(await contentOf(directory)).toEqual(before)
    // The first that is refused shows what the folder is, and no other is tried.
    expect(files.calls.filter(({ operation }) => writes.has(operation))).toHaveLength(1)
    expect(events).toEqual([])
  })

  test('has as many readers as there are, and none beside a writer', async () => {
    const directory = await closedStore()
    const open = async () => {
      const files = new FaultFiles(directory)
      files.judge = refuseWrites('EROFS')
      const store = await openDiskStore({ directory, files, readOnly: true })
      afterTest(() => store.close())
      return store
    }
    const [one, two] = [await open(), await open()]
    await expect(openDiskStore({ directory })).rejects.toMatchObject({ name: 'StoreInUse' })
    await one.close()
    await two.close()
    await openStore({ directory })
    await expect(open()).rejects.toMatchObject({ name: 'StoreInUse' })
  })

  test('is refused where it would have to be written', async () => {
    const directory = await closedStore()
    const files = new FaultFiles(directory)
    files.judge = refuseWrites('EROFS')
    const opening = openDiskStore({ directory, files })
    await expect(opening).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await rm(directory, { recursive: true })
    const fresh = openDiskStore({ directory, files, readOnly: true })
    await expect(fresh).rejects.toMatchObject({ name: 'UnfitFolder' })
  })

  test('and holds no store is refused', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    files.judge = refuseWrites('EROFS')
    const opening = openDiskStore({ directory, files, readOnly: true })
    await expect(opening).rejects.toMatchObject({ name: 'UnfitFolder' })
  })

  test('is written where it may be, read-only or not', async () => {
    const store = await openStore({ directory: await closedStore(), readOnly: true })
    expect(store.status().readOnly).toBe(false)
  })
})
