import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { FaultFiles } from './fault-files.ts'
import { closedStore, openStore, temporaryFolder } from './temporary.ts'

const markerText = '{"format":5,"lock":"flock","needs":"0.2.0"}\n'

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
      'origin',
      'quarantine',
      'segments',
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
      'make-directory a/b/segments',
      'sync-directory a/b',
      'make-directory a/b/uploads',
      'sync-directory a/b',
      'make-directory a/b/quarantine',
      'sync-directory a/b',
      'datasync a/b/journal.0',
      'sync-directory a/b',
      'datasync a/b/origin.new',
      'rename a/b/origin.new a/b/origin',
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
    for (const [needs, found] of [
      [undefined, null],
      ['0.9.0', '0.9.0'],
      ['all your base', null],
    ]) {
      const later = JSON.stringify({ format: 9, lock: 'flock', needs })
      await writeFile(join(directory, 'store.json'), later)
      await expect(openDiskStore({ directory })).rejects.toMatchObject({
        name: 'StoreTooNew',
        format: 9,
        needs: found,
      })
    }
  })

  test.each([
    '',
    '{',
    'null',
    '{"format":1}',
    '{"format":1,"lock":"none"}',
    '{"format":2,"lock":"flock","blobs":"there"}',
    'x'.repeat(5000),
  ])('with a damaged marker is refused: %.50j', async (text) => {
    const directory = await closedStore()
    await writeFile(join(directory, 'store.json'), text)
    await expect(openDiskStore({ directory })).rejects.toThrow('store.json')
  })

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
