import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { writeOrigin } from '../../adapters/disk/origin.ts'
import type { Notice } from '../../src/index.ts'
import { type JournalledMetadata, openMetadata, StoreDamaged } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const here = repositoryNamed('a/b')

interface Opened {
  readonly directory: string
  readonly files: FaultFiles
  readonly notices: Notice[]
  readonly metadata: JournalledMetadata
  close(): Promise<void>
}

async function opened(directory?: string, sealAfterMs = 1e9): Promise<Opened> {
  const folder = directory ?? (await temporaryFolder())
  const files = new FaultFiles(folder)
  const notices: Notice[] = []
  const onNotice = (notice: Notice): void => void notices.push(notice)
  const store = await openStore({ directory: folder, files, onNotice })
  const opening = openMetadata({ log: store.log, onNotice, sealAfterMs })
  const metadata = await opening.catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  return {
    directory: folder,
    files,
    notices,
    metadata,
    async close() {
      await metadata.close()
      await store.close()
    },
  }
}

function link({ metadata }: Opened, number: number): Promise<unknown> {
  const blob = { digest: sampleDigest(number), size: 1, key: `blobs/${number}` }
  return metadata.linkBlob(here, blob, 1e6)
}

async function countAfter(directory: string): Promise<number> {
  const next = await opened(directory)
  const counts = await next.metadata.countRepository(here)
  await next.close()
  return counts?.blobs ?? 0
}

describe('a store whose journal was sealed', () => {
  /** A store that was idle and then killed: its journal has three links and is sealed. */
  async function idleStore(): Promise<string> {
    const store = await opened(undefined, 1)
    const sealed = new Promise<void>((resolve) => {
      let isLinked = false
      store.files.judge = ({ operation, path }) => {
        if (operation === 'write' && path === 'journal.0') isLinked = true
        if (isLinked && operation === 'datasync' && path === 'journal.seal') setTimeout(resolve, 0)
        return null
      }
    })
    await Promise.all([1, 2, 3].map((number) => link(store, number)))
    await sealed
    await store.metadata.check?.()
    const copy = await temporaryFolder()
    await cp(store.directory, copy, { recursive: true })
    await store.close()
    // What a kill leaves is no copy.
    await writeOrigin(nodeFiles, layoutOf(copy))
    return copy
  }

  test('is refused when the journal is cut, zeroed or emptied', async () => {
    const directory = await idleStore()
    const path = join(directory, 'journal.0')
    const whole = await readFile(path)
    for (const length of [0, 1, Math.floor(whole.length / 2), whole.length - 1]) {
      await writeFile(path, whole)
      await truncate(path, length)
      await expect(opened(directory), `cut to ${length}`).rejects.toBeInstanceOf(StoreDamaged)
      await writeFile(path, Uint8Array.from(whole).fill(0, length))
      await expect(opened(directory), `zeroed from ${length}`).rejects.toThrow(
        /journal\.0.*cut off/,
      )
      expect(await readFile(join(directory, 'journal.seal'), 'utf8')).toMatch(/^seal 0 /)
    }
    await rm(path)
    await expect(opened(directory)).rejects.toBeInstanceOf(StoreDamaged)
    await writeFile(path, whole)
    expect(await countAfter(directory)).toBe(3)
  })

  test('is refused after it was closed, too', async () => {
    const store = await opened()
    await link(store, 1)
    await store.metadata.compact()
    await link(store, 2)
    // Without a snapshot at the end, so that the journal has something to lose.
    store.files.judge = ({ operation, path }) =>
      operation === 'create' && path === 'metadata.json.new' ? 'EACCES' : null
    await store.close()
    const path = join(store.directory, 'journal.1')
    const whole = await readFile(path)
    await truncate(path, 0)
    await expect(opened(store.directory)).rejects.toBeInstanceOf(StoreDamaged)
    await writeFile(path, whole)
    expect(await countAfter(store.directory)).toBe(2)
  })
})

test('a failed sync is reported once, and reads go on', async () => {
  const store = await opened()
  await link(store, 1)
  store.files.judge = ({ operation, path }) =>
    operation === 'datasync' && path === 'journal.0' ? 'EIO' : null
  await expect(link(store, 2)).rejects.toMatchObject({ kind: 'storageReadOnly' })
  await expect(link(store, 3)).rejects.toMatchObject({ kind: 'storageReadOnly' })
  await store.metadata.compact()
  const kinds = store.notices.map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'store-read-only')).toHaveLength(1)
  await expect(store.metadata.check?.()).rejects.toMatchObject({ kind: 'storageReadOnly' })
  expect(await store.metadata.countRepository(here)).toMatchObject({ blobs: 1 })
  await store.close()
})

test('a disk that is full when a snapshot is due takes changes again once it has room', async () => {
  const store = await opened()
  await link(store, 1)
  store.files.judge = ({ operation, path }) =>
    path === 'journal.1' && operation === 'datasync' ? 'ENOSPC' : null
  await store.metadata.compact()
  expect(store.notices.filter(({ kind }) => kind === 'store-read-only')).toEqual([])
  store.files.judge = () => null
  await link(store, 2)
  await store.metadata.compact()
  expect(store.metadata.status()).toMatchObject({ state: 'ok', journalBytes: 0 })
  await store.close()
  expect(await countAfter(store.directory)).toBe(2)
})

test('a store that is opened to be read writes nothing, and says nothing of it', async () => {
  const store = await opened()
  await link(store, 1)
  await store.close()
  const files = new FaultFiles(store.directory)
  const notices: Notice[] = []
  const reader = await openStore({ directory: store.directory, files, readOnly: true })
  const metadata = await openMetadata({ log: reader.log, onNotice: (n) => notices.push(n) })
  expect(await metadata.findBlob(here, sampleDigest(1))).not.toBeNull()
  expect(await metadata.keepBlob(here, sampleDigest(1), 1e9)).not.toBeNull()
  await metadata.check?.()
  expect(metadata.status().state).toBe('read-only')
  await expect(metadata.unlinkBlob(here, sampleDigest(1))).rejects.toMatchObject({
    kind: 'storageReadOnly',
  })
  await metadata.close()
  await reader.close()
  const writes = files.lines.filter((line) => /^(write|create|ensure|datasync|unlink)/.test(line))
  expect(writes).toEqual([])
  expect(notices).toEqual([])
})

test.each([
  'create journal.1',
  'create metadata.json.new',
  'rename metadata.json.new metadata.json',
])('a file system that is read-only at "%s" ends no writing, once it is not', async (line) => {
  const store = await opened()
  await link(store, 1)
  store.files.judge = ({ operation, path }) => (`${operation} ${path}` === line ? 'EROFS' : null)
  await store.metadata.compact()
  store.files.judge = () => null
  await link(store, 2)
  expect(store.metadata.status().state).toBe('ok')
  await store.metadata.compact()
  await store.close()
  expect(await countAfter(store.directory)).toBe(2)
})
