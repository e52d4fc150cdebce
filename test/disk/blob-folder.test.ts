import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BlobFolder, openBlobFolder } from '../../adapters/disk/blob-folder.ts'
import { StoreInUse } from '../../adapters/disk/lock.ts'
import { UnfitFolder } from '../../adapters/disk/store-folder.ts'
import type { BlobRef } from '../../src/kit.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { newUploadId } from '../../src/oci/upload-id.ts'
import { afterTest, closedStore, openStore, temporaryFolder } from './temporary.ts'

async function open(directory: string): Promise<BlobFolder> {
  const folder = await openBlobFolder({ directory })
  afterTest(() => folder.close())
  return folder
}

async function commit({ blobs }: BlobFolder, bytes: Uint8Array): Promise<BlobRef> {
  const staged = await blobs.stage(newUploadId(), {})
  await staged.write(bytes.slice())
  const hex = createHash('sha256').update(bytes).digest('hex')
  return staged.commit(digestOf('sha256', hex))
}

test.each([10, 100_000])('bytes outlive the process: %d of them', async (size) => {
  const directory = await temporaryFolder()
  const first = await open(directory)
  const bytes = new Uint8Array(size).fill(7)
  const ref = await commit(first, bytes)
  await first.close()
  const opened = await (await open(directory)).blobs.open(ref)
  expect(new Uint8Array(await new Response(opened?.stream()).arrayBuffer())).toEqual(bytes)
})

test('it has no journal, and says that its names are elsewhere', async () => {
  const directory = await temporaryFolder()
  const folder = await open(directory)
  const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'))
  expect(marker).toMatchObject({ names: 'elsewhere' })
  expect((await readdir(directory)).filter((name) => name.startsWith('journal'))).toEqual([])
  expect(await folder.check()).toEqual({ state: 'ok', reason: null })
})

test('a second process is refused', async () => {
  const directory = await temporaryFolder()
  await open(directory)
  await expect(openBlobFolder({ directory })).rejects.toThrow(StoreInUse)
})

test('it is not opened as a store of names, which would find none and sweep its bytes', async () => {
  const directory = await temporaryFolder()
  await (await open(directory)).close()
  await expect(openStore({ directory })).rejects.toThrow(/names of this store are in a database/)
})

test('a store of names is not opened without them', async () => {
  const directory = await closedStore()
  await expect(openBlobFolder({ directory })).rejects.toThrow(UnfitFolder)
})

test('bytes of uploads that nothing knows any more go at the start', async () => {
  const directory = await temporaryFolder()
  const folder = await open(directory)
  const [known, unknown] = [newUploadId(), newUploadId()]
  await mkdir(join(directory, 'uploads'), { recursive: true })
  for (const id of [known, unknown]) await writeFile(join(directory, 'uploads', id), 'bytes')
  await folder.clearUploads(async (id) => id === known)
  expect(await readdir(join(directory, 'uploads'))).toEqual([known])
})
