import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { type DamagedFile, memoryStores, verifyStores } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { imageOf, pushBlob, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest, temporaryFolder } from './temporary.ts'

const a = repositoryNamed('a')

/** A store at work, with two snapshots and their journals. */
async function filled() {
  const directory = await temporaryFolder()
  const stores = await openDiskStores({ directory, mode: 'write' })
  afterTest(() => stores.close())
  await run(
    stores,
    [0, 1, 3].map((number) => pushBlob(a, number)),
  )
  await stores.metadata.compact()
  await run(stores, [pushManifest(a, imageOf([0, 1]))])
  await stores.metadata.compact()
  await run(stores, [pushManifest(a, imageOf([0, 3]))])
  await stores.metadata.check?.()
  return { directory, stores }
}

/** Flips a bit in a file, at a share of its length. */
async function flip(path: string, share: number): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.byteLength * share)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

test('files of a store at work are found damaged, and are written again from what it knows', async () => {
  const { directory, stores } = await filled()
  const { metadata } = stores
  expect(await metadata.inspectFiles?.({ repairs: false })).toEqual([])
  const names = (await readdir(directory)).filter((name) => /^(?:metadata|journal)\./.test(name))
  expect(names.length).toBeGreaterThan(4)
  const flips = names.filter((each) => each !== 'journal.seal').map((name) => ({ name, at: 0.5 }))
  for (const { name, at } of [
    ...flips,
    { name: 'metadata.json', at: 0 },
    { name: 'metadata.json', at: null },
  ]) {
    const { directory, stores } = await filled()
    const path = join(directory, name)
    if (at === null) await rm(path)
    else await flip(path, at)
    const files: DamagedFile[] = []
    const told = { hash, onFile: (file: DamagedFile) => void files.push(file) }
    expect((await verifyStores(stores, told)).sound, name).toBe(false)
    expect(files).toMatchObject([{ file: name, isRepaired: false }])
    const repaired = await verifyStores(stores, { ...told, sources: [] })
    expect(repaired, name).toMatchObject({ problems: 1, repaired: 1, sound: true })
    expect(files[1]).toMatchObject({ file: name, isRepaired: true })
    expect((await verifyStores(stores, { hash })).problems).toBe(0)
    await stores.close()
    const again = await openDiskStores({ directory, mode: 'write' })
    const { items } = (await again.metadata.listManifests(a, { limit: 10 })) ?? { items: [] }
    expect(items).toHaveLength(2)
    await again.close()
  }
})

test('a store that is written and compacted meanwhile has no damage', async () => {
  const { stores } = await filled()
  let isOver = false
  const working = (async (): Promise<void> => {
    for (let count = 0; !isOver; count += 1) {
      await run(stores, [pushBlob(a, count % 5)])
      if (count % 3 === 0) await stores.metadata.compact()
    }
  })()
  for (let count = 0; count < 20; count += 1) {
    expect(await stores.metadata.inspectFiles?.({ repairs: true })).toEqual([])
  }
  isOver = true
  await working
})

test('a store in memory has no files', async () => {
  const { metadata } = memoryStores()
  expect(metadata.inspectFiles).toBeUndefined()
})
