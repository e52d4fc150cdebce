import { execFileSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StoreInUse } from '../../adapters/disk/lock.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { UnfitFolder } from '../../adapters/disk/store-folder.ts'
import type { LockKind } from '../../adapters/disk/store-marker.ts'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { ample, found, saved, session } from '../../src/testing/upload-contract/store-case.ts'
import { type Call, FaultFiles } from './fault-files.ts'
import { storeProcess } from './store-processes.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const digest = sampleDigest(1)
const readOnly = { kind: 'storageReadOnly' }

/** Calls that a read-only file system refuses. */
function refused({ operation, path }: Call): boolean {
  if (/^(create|ensure|rename|link|unlink|make-directory|truncate)$/.test(operation)) return true
  // To open a file for writing, or to write to it.
  return operation === 'write' || (operation === 'datasync' && path !== '')
}

/** The folder of a store with a blob and an upload session. */
async function filled(lock?: LockKind) {
  const directory = await temporaryFolder()
  const store = await openStore({ directory, ...(lock === undefined ? {} : { lock }) })
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(sampleBytes(100))
  const blob = await staged.commit(digest)
  const made = session()
  await store.uploads.create(made, ample)
  const bytes = await store.blobs.stage(made.id, {})
  await bytes.write(sampleBytes(10))
  const upload = await saved(store.uploads, made, { offset: 10, stage: await bytes.suspend() })
  await store.close()
  return { directory, blob, upload }
}

describe.each<LockKind>(['flock', 'socket'])('a store opened to be read, by %s', (lock) => {
  test('writes nothing, and refuses what would', async () => {
    const { directory, blob, upload } = await filled(lock)
    await writeFile(join(directory, 'uploads', newUploadId()), 'orphan')
    const before = await readdir(directory, { recursive: true })
    const files = new FaultFiles(directory)
    files.judge = (call) => (refused(call) ? 'EROFS' : null)
    const store = await openDiskStore({ directory, files, readOnly: true })
    const { blobs, uploads, log } = store
    const open = await blobs.open(blob)
    expect(await readAll(open?.stream() ?? new ReadableStream())).toEqual(sampleBytes(100))
    for await (const { key } of blobs.list()) expect(key).toBe(blob.key)
    expect((await found(uploads, upload))?.offset).toBe(10)
    await blobs.check?.()
    await uploads.check()
    expect((await log.load()).journals).toHaveLength(1)
    await log.adopt({ generation: 0, journalBytes: 0, damaged: [] })

    await expect(blobs.stage(newUploadId(), {})).rejects.toMatchObject(readOnly)
    await expect(blobs.delete(blob)).rejects.toMatchObject(readOnly)
    await expect(uploads.create(session(), ample)).rejects.toMatchObject(readOnly)
    await expect(uploads.save(upload, 'me')).rejects.toMatchObject(readOnly)
    await expect(log.append(new Uint8Array(1))).rejects.toMatchObject(readOnly)
    await expect(log.rotate()).rejects.toMatchObject(readOnly)
    expect(store.status().failure).toBeNull()
    await store.close()
    expect(files.calls.filter(refused)).toEqual([])
    expect(await readdir(directory, { recursive: true })).toEqual(before)
  })

  test('may be opened by several readers, and not beside a writer', async () => {
    const { directory } = await filled(lock)
    const one = await openStore({ directory, readOnly: true })
    expect(await storeProcess('read', directory)).toEqual({
      opened: true,
      blobs: [100],
      sessions: 1,
      pushed: 'storageReadOnly',
    })
    if (lock === 'flock') {
      expect(await storeProcess('write', directory)).toMatchObject({ refused: 'StoreInUse' })
    }
    await one.close()
    const writer = await openStore({ directory })
    await expect(openDiskStore({ directory, readOnly: true })).rejects.toBeInstanceOf(StoreInUse)
    await writer.close()
  })
})

test('a folder without a store gets one, if it may be written', async () => {
  const top = await temporaryFolder()
  const store = await openStore({ directory: join(top, 'new'), readOnly: true })
  expect(store.status()).toMatchObject({ readOnly: true, failure: null })
  await expect(store.blobs.stage(newUploadId(), {})).rejects.toMatchObject(readOnly)
  for (const code of ['EROFS', 'EACCES']) {
    const files = new FaultFiles(top)
    files.judge = (call) => (refused(call) ? code : null)
    const refusal = openDiskStore({ directory: join(top, code), files, readOnly: true })
    await expect(refusal).rejects.toBeInstanceOf(UnfitFolder)
    await expect(refusal).rejects.toThrow('holds no store, and none can be made there')
  }
})

/** Runs what follows where the folder is mounted read-only. */
function readOnlyMount(directory: string): readonly string[] {
  const mount = `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"`
  return ['unshare', '-Urm', 'sh', '-c', mount, directory]
}

function canMount(): boolean {
  try {
    const [program = '', ...words] = readOnlyMount('/tmp')
    execFileSync(program, [...words, 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.runIf(canMount())('a read-only file system will do', async () => {
  const { directory } = await filled()
  const around = readOnlyMount(directory)
  expect(await storeProcess('read', directory, around)).toEqual({
    opened: true,
    blobs: [100],
    sessions: 1,
    pushed: 'storageReadOnly',
  })
  const writer = await storeProcess('write', directory, around)
  expect(writer).toMatchObject({ refused: 'RegistryError' })
})
