import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { StoreInUse } from '../../adapters/disk/lock.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { UnfitFolder } from '../../adapters/disk/store-folder.ts'
import { createRegistry } from '../../src/index.ts'
import {
  type CopyProblem,
  copyStores,
  memoryStores,
  openMetadata,
  StoreDamaged,
} from '../../src/kit.ts'
import { repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { digestOfContent, imageOf, pushBlob, pushManifest, run, viewOf } from './content.ts'
import { hash } from './places.ts'

const names = ['a', 'b', 'c'].map(repositoryNamed)
const [a = repositoryNamed('a')] = names

/** A store that is written, and compacts its journal and its segments all the time. */
async function busyStore() {
  const directory = await temporaryFolder()
  const store = await openDiskStore({ directory })
  const metadata = await openMetadata({ log: store.log, compactBytes: 4_000 })
  const stores = { blobs: store.blobs, uploads: store.uploads, metadata }
  const { compactBytes, collectGarbage } = createRegistry({ stores, hash })
  const close = async (): Promise<void> => {
    await metadata.close()
    await store.close()
  }
  afterTest(close)
  return { directory, stores, close, compactBytes, collectGarbage }
}

test('a store is copied while it is written, and again once it is at rest', async () => {
  const { directory, stores, close, compactBytes, collectGarbage } = await busyStore()
  await run(stores, [pushBlob(a, 0), pushManifest(a, imageOf([]), [tagNamed('first')])])
  let number = 0
  const push = async (): Promise<void> => {
    const name = names[number % names.length] ?? a
    const blob = number % 7
    const text = imageOf([blob], { annotations: { number: `${number}` } })
    const tags = [tagNamed(`t${number % 20}`)]
    await run(stores, [pushBlob(name, 0), pushBlob(name, blob), pushManifest(name, text, tags)])
    if (number % 5 === 0) await remove(text)
    if (number % 9 === 0) await compactBytes()
    number += 1
  }
  const remove = async (text: string): Promise<void> => {
    await stores.metadata.deleteTag(a, tagNamed('t3'))
    await stores.metadata.deleteManifest(a, digestOfContent(text), { leaseMs: 0 })
    await collectGarbage()
  }
  let isOver = false
  const writing = (async () => {
    while (!isOver) await push()
  })()
  const to = memoryStores()
  const problems: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void problems.push(problem)
  for (let pass = 0; pass < 10 || number < 40; pass += 1) {
    const from = await openDiskStores({ directory, mode: 'running' })
    await copyStores(from, to, { hash, mirror: true, onProblem })
    await from.close()
  }
  isOver = true
  await writing
  // Bytes that went meanwhile are missing; nothing is taken for damaged.
  expect(problems.filter(({ kind }) => kind !== 'missing')).toEqual([])
  await close()

  const from = await openDiskStores({ directory, mode: 'read' })
  const last = await copyStores(from, to, { hash, mirror: true })
  expect(last).toMatchObject({ complete: true, problems: 0 })
  expect(await viewOf(to)).toEqual(await viewOf(from))
  await from.close()
})

/** Every file below a folder, with its bytes and when it was last changed. */
async function filesOf(directory: string): Promise<unknown> {
  const found: unknown[] = []
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, name)
    const status = await stat(path)
    found.push([name, status.mtimeMs, status.isFile() ? await readFile(path, 'hex') : null])
  }
  return found
}

test('nothing is written beside a server, and its lock holds', async () => {
  const { directory, stores } = await busyStore()
  await run(stores, [pushBlob(a, 1), pushBlob(a, 4), pushManifest(a, imageOf([1]))])
  await stores.metadata.compact()
  const before = await filesOf(directory)
  const from = await openDiskStores({ directory, mode: 'running' })
  expect(await viewOf(from)).toEqual(await viewOf(stores))
  const to = memoryStores()
  // It may be written to by nobody but the server.
  await expect(copyStores(to, from, { hash })).resolves.toMatchObject({ complete: true })
  await run(to, [pushBlob(a, 2)])
  await expect(copyStores(to, from, { hash })).rejects.toMatchObject({ kind: 'storageReadOnly' })
  await from.close()
  expect(await filesOf(directory)).toEqual(before)
  for (const mode of ['read', 'write'] as const) {
    await expect(openDiskStores({ directory, mode })).rejects.toBeInstanceOf(StoreInUse)
  }
})

test('what is no store is not opened as a running one, and none is made', async () => {
  const directory = await temporaryFolder()
  for (const path of [directory, join(directory, 'absent')]) {
    const opening = openDiskStores({ directory: path, mode: 'running' })
    await expect(opening).rejects.toBeInstanceOf(UnfitFolder)
  }
  expect(await readdir(directory)).toEqual([])
  await writeFile(join(directory, 'store.json'), '{')
  await expect(openDiskStores({ directory, mode: 'running' })).rejects.toThrow('store.json')
  await rm(join(directory, 'store.json'))
})

/** Lets the pauses between attempts pass until the opening has ended; `pass` is told of each. */
async function opened<T>(
  opening: Promise<T>,
  pass: (attempt: number) => Promise<void>,
): Promise<T> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  opening.then(over, over)
  for (let attempt = 1; !isOver; ) {
    if (vi.getTimerCount() > 0) {
      await pass(attempt)
      attempt += 1
      vi.runAllTimers()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return opening
}

describe('a file that is replaced while a running store is opened', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is looked for again', async () => {
    const { directory, stores, close } = await busyStore()
    await run(stores, [pushBlob(a, 1)])
    await stores.metadata.compact()
    await close()
    const names = (await readdir(directory)).filter((name) => /^journal\.[0-9]+$/.test(name))
    const newest = join(directory, names.sort().at(-1) ?? '')
    await rename(newest, `${newest}.away`)
    let attempts = 0
    const from = await opened(openDiskStores({ directory, mode: 'running' }), async (attempt) => {
      attempts = attempt
      if (attempt === 2) await rename(`${newest}.away`, newest)
    })
    expect(attempts).toBe(2)
    expect((await from.metadata.countRepository(a))?.blobs).toBe(1)
    await from.close()
  })

  test('is damage where it stays away', async () => {
    const { directory, stores, close } = await busyStore()
    await run(stores, [pushBlob(a, 1)])
    await stores.metadata.compact()
    await close()
    await rm(join(directory, 'metadata.json'))
    await rm(join(directory, 'journal.0'))
    let attempts = 0
    const opening = opened(openDiskStores({ directory, mode: 'running' }), async (attempt) => {
      attempts = attempt
    })
    await expect(opening).rejects.toBeInstanceOf(StoreDamaged)
    expect(attempts).toBe(4)
  })
})
