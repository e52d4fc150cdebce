import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { OpenFile, OpenMode } from '../../adapters/disk/files.ts'
import { StoreInUse } from '../../adapters/disk/lock.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import type { LockKind } from '../../adapters/disk/store-marker.ts'
import { newUploadId } from '../../src/kit.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { storeProcess } from './store-processes.ts'
import { afterTest, closedStore, openStore, temporaryFolder } from './temporary.ts'

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
    // By socket they may all refuse each other, which is safe.
    if (lock === 'flock') expect(opened).toHaveLength(1)
    else expect(opened.length).toBeLessThan(2)
  })

  test('is released when opening fails', async () => {
    const directory = await closedStore(lock)
    const files = new FaultFiles(directory)
    files.judge = ({ operation, path }) =>
      operation === 'list' && path === 'uploads' ? 'EIO' : null
    await expect(openDiskStore({ directory, files })).rejects.toThrow('EIO')
    await openStore({ directory })
  })

  test('leaves no more files behind, however often it is taken', async () => {
    const directory = await closedStore(lock)
    const before = await readdir(directory)
    for (let round = 0; round < 3; round += 1) await (await openDiskStore({ directory })).close()
    expect(await readdir(directory)).toEqual(before)
  })
})

test('a lock on a file that was removed meanwhile does not count', async () => {
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

describe('a lock that is removed by hand', () => {
  test('does not let another process in, by flock', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory, lock: 'flock' })
    await rm(join(directory, 'lock'))
    expect(await storeProcess('write', directory)).toMatchObject({ refused: 'StoreInUse' })
    expect(await storeProcess('read', directory)).toMatchObject({ refused: 'StoreInUse' })
    await expect(openDiskStore({ directory })).rejects.toBeInstanceOf(StoreInUse)
    await store.log.load()
    await store.log.adopt({ generation: 0, journalBytes: 0, damaged: [] })
    await store.log.append(sampleBytes(10))
    await store.close()
    expect(await storeProcess('write', directory)).toMatchObject({ opened: true })
  })

  test('is noticed by its holder, by socket', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory, lock: 'socket' })
    await store.log.load()
    await store.log.adopt({ generation: 0, journalBytes: 0, damaged: [] })
    await store.log.append(sampleBytes(10))
    const staged = await store.blobs.stage(newUploadId(), {})
    for (const name of await readdir(directory)) {
      if (name.startsWith('lock.')) await rm(join(directory, name))
    }
    expect(await storeProcess('write', directory)).toMatchObject({ opened: true })
    await expect(store.uploads.check()).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(store.blobs.check?.()).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(store.log.append(sampleBytes(10))).rejects.toHaveProperty('kind')
    await expect(staged.commit(sampleDigest(1))).rejects.toMatchObject({ kind: 'unavailable' })
    await store.close()
  })

  test('counts for nothing where the whole store was moved and another put in place', async () => {
    const directory = await closedStore('flock')
    const store = await openStore({ directory })
    await rename(directory, `${directory}.old`)
    afterTest(() => rm(`${directory}.old`, { recursive: true, force: true }))
    expect(await storeProcess('write', directory)).toMatchObject({ opened: true })
    await expect(store.uploads.check()).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
