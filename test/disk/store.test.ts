import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { OpenFile, OpenMode } from '../../adapters/disk/files.ts'
import { StoreInUse } from '../../adapters/disk/lock.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import type { LockKind } from '../../adapters/disk/store-folder.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { FaultFiles } from './fault-files.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

const holderProgram = fileURLToPath(new URL('lock-holder.mjs', import.meta.url))

/** Another process that has the lock of a store. */
async function holder(kind: LockKind, directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [holderProgram, kind, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  afterTest(async () => child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('no output')
  const [said] = await once(child.stdout, 'data')
  expect(String(said)).toBe('held\n')
  return child
}

async function closedStore(lock?: LockKind): Promise<string> {
  const directory = await temporaryFolder()
  const store = await openDiskStore({ directory, ...(lock === undefined ? {} : { lock }) })
  await store.close()
  return directory
}

const markerText = '{"format":1,"lock":"flock"}\n'

describe('the folder', () => {
  test('is made with its parents, each synced, and the marker last', async () => {
    const root = await temporaryFolder()
    const directory = join(root, 'a/b')
    const files = new FaultFiles(root)
    const store = await openStore({ directory, files })
    expect((await readdir(directory)).sort()).toEqual([
      'blobs',
      'journal.0',
      'lock',
      'quarantine',
      'store.json',
      'uploads',
    ])
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toBe(markerText)
    const steps = files.lines.filter((line) => /^(make-d|sync-d|datasync|rename)/.test(line))
    expect(steps).toEqual([
      'make-directory a',
      'sync-directory ',
      'make-directory a/b',
      'sync-directory a',
      'make-directory a/b/blobs',
      'sync-directory a/b',
      'make-directory a/b/blobs/sha256',
      'sync-directory a/b/blobs',
      'make-directory a/b/blobs/sha512',
      'sync-directory a/b/blobs',
      'make-directory a/b/uploads',
      'sync-directory a/b',
      'make-directory a/b/quarantine',
      'sync-directory a/b',
      'datasync a/b/journal.0',
      'sync-directory a/b',
      'datasync a/b/store.json.new',
      'rename a/b/store.json.new a/b/store.json',
      'sync-directory a/b',
    ])
    expect(store.status()).toMatchObject({ directory, lock: 'flock', uploads: 0, failure: null })
  })

  test('may be reached through a symbolic link, and may be a fresh volume', async () => {
    const root = await temporaryFolder()
    await mkdir(join(root, 'volume/lost+found'), { recursive: true })
    await symlink(join(root, 'volume'), join(root, 'data'))
    const store = await openStore({ directory: join(root, 'data') })
    expect(store.status().directory).toBe(join(root, 'volume'))
  })

  test('of other things is refused and left as it is', async () => {
    const directory = await temporaryFolder()
    await writeFile(join(directory, 'holiday.jpg'), 'x')
    await expect(openDiskStore({ directory })).rejects.toMatchObject({
      name: 'UnfitFolder',
      path: directory,
      problem: 'holds "holiday.jpg" and no store.json, so it is not a store',
    })
    expect(await readdir(directory)).toEqual(['holiday.jpg'])
  })

  test('that is a file is refused', async () => {
    const directory = join(await temporaryFolder(), 'file')
    await writeFile(directory, 'x')
    await expect(openDiskStore({ directory })).rejects.toThrow('is not a folder')
  })

  test('of a later format is refused', async () => {
    const directory = await closedStore()
    await writeFile(join(directory, 'store.json'), '{"format":2,"lock":"flock"}')
    await expect(openDiskStore({ directory })).rejects.toMatchObject({
      name: 'StoreTooNew',
      format: 2,
    })
  })

  test.each(['', '{', 'null', '{"format":1}', '{"format":1,"lock":"none"}', 'x'.repeat(5000)])(
    'with a damaged marker is refused: %j',
    async (text) => {
      const directory = await closedStore()
      await writeFile(join(directory, 'store.json'), text)
      await expect(openDiskStore({ directory })).rejects.toThrow('store.json')
    },
  )

  test.each([
    ['a blob', 'blobs/sha256/x'],
    ['names', 'journal.0'],
    ['a later journal', 'journal.7'],
    ['a snapshot', 'metadata.json'],
  ])('that lost its marker and holds %s is refused', async (_, file) => {
    const directory = await closedStore()
    await rm(join(directory, 'store.json'))
    await writeFile(join(directory, file), 'x')
    const refusal = openDiskStore({ directory })
    await expect(refusal).rejects.toBeInstanceOf(StoreDamaged)
    await expect(refusal).rejects.toMatchObject({
      name: 'StoreDamaged',
      file: join(directory, 'store.json'),
      problem: 'is gone, though the folder holds a store',
    })
  })

  test.each(['blobs', 'blobs/sha256', 'uploads', 'quarantine'])(
    'with a symbolic link for %s is refused',
    async (name) => {
      const directory = await closedStore()
      const elsewhere = await mkdtemp(join(await temporaryFolder(), 'x'))
      await rm(join(directory, name), { recursive: true })
      await symlink(elsewhere, join(directory, name))
      await expect(openDiskStore({ directory })).rejects.toThrow(`${name}: is not a folder`)
      expect(await readdir(elsewhere)).toEqual([])
    },
  )

  test('may lack folders that were empty, but not its blobs', async () => {
    const directory = await closedStore()
    await rm(join(directory, 'uploads'), { recursive: true })
    await rm(join(directory, 'quarantine'), { recursive: true })
    await rm(join(directory, 'blobs/sha512'), { recursive: true })
    await (await openStore({ directory })).close()
    await rm(join(directory, 'blobs'), { recursive: true })
    await expect(openDiskStore({ directory })).rejects.toThrow('blobs: is gone')
  })
})

describe.each<LockKind>(['flock', 'socket'])('the lock by %s', (lock) => {
  test('keeps a second store of this process out, and lets it in afterwards', async () => {
    const directory = await temporaryFolder()
    const first = await openStore({ directory, lock })
    const refusal = openDiskStore({ directory })
    await expect(refusal).rejects.toBeInstanceOf(StoreInUse)
    await expect(refusal).rejects.toThrow(`${directory}: another Layerdock is using this folder`)
    await first.close()
    expect((await openStore({ directory })).status().lock).toBe(lock)
  })

  test('held by another process ends with it, kill -9 included', async () => {
    const directory = await closedStore(lock)
    const other = await holder(lock, directory)
    await expect(openDiskStore({ directory })).rejects.toBeInstanceOf(StoreInUse)
    const ended = once(other, 'exit')
    other.kill('SIGKILL')
    await ended
    await openStore({ directory })
  })

  test.runIf(lock === 'flock')('keeps another process out', async () => {
    const directory = await temporaryFolder()
    await openStore({ directory, lock })
    const locked = ['-xn', join(directory, 'lock'), 'true']
    expect(() => execFileSync('flock', locked)).toThrow()
  })

  test('of several that start at once, no two get the folder', async () => {
    const directory = await closedStore(lock)
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => openStore({ directory })))
    const opened = all.filter((each) => each.status === 'fulfilled')
    // By socket they may all refuse each other; that is safe, and they are told to try again.
    if (lock === 'flock') expect(opened).toHaveLength(1)
    else expect(opened.length).toBeLessThan(2)
  })

  test('is let go when opening fails', async () => {
    const directory = await closedStore(lock)
    const files = new FaultFiles(directory)
    files.judge = ({ operation, path }) =>
      operation === 'list' && path === 'uploads' ? 'EIO' : null
    await expect(openDiskStore({ directory, files })).rejects.toThrow('EIO')
    await openStore({ directory })
  })

  test('leaves no file behind for every start', async () => {
    const directory = await closedStore(lock)
    const before = await readdir(directory)
    for (let round = 0; round < 3; round += 1) await (await openDiskStore({ directory })).close()
    expect(await readdir(directory)).toEqual(before)
  })
})

test('a lock on a file that somebody removed meanwhile does not count', async () => {
  const directory = await closedStore()
  const lock = join(directory, 'lock')
  class Removing extends FaultFiles {
    #removed = false
    override async open(path: string, mode: OpenMode): Promise<OpenFile> {
      const file = await super.open(path, mode)
      if (path === lock && !this.#removed) {
        this.#removed = true
        await rm(lock)
      }
      return file
    }
  }
  await openStore({ directory, files: new Removing(directory) })
  await expect(openDiskStore({ directory })).rejects.toBeInstanceOf(StoreInUse)
})
