import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BackupFolder } from '../../adapters/backup/backup-folder.ts'
import type { BackupSource } from '../../adapters/backup/make-backup.ts'
import { makeGeneration } from '../../adapters/backup/make-generation.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { createRegistry, type RegistryStores, type RepositoryName } from '../../src/index.ts'
import { type CopiedStores, verifyStores } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { readAll, repositoryNamed, tagNamed } from '../../src/testing/index.ts'
import { digestOfContent, imageOf, pushBlob, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { factsOfTest } from './facts.ts'

const names = Array.from({ length: 4 }, (_, index) => repositoryNamed(`r${index + 10}`))
const now = tagNamed('now')

/** Pushes number after number to each repository in turn, deletes older ones, and collects, until it is ended. */
function busy(stores: RegistryStores): { count(): number; end(): Promise<void> } {
  const { collectGarbage, compactBytes } = createRegistry({ stores, hash })
  let number = 0
  let isOver = false
  const image = (of: number): string => imageOf([of % 5], { annotations: { number: `${of}` } })
  const push = async (): Promise<void> => {
    for (const name of names) {
      const text = image(number)
      await run(stores, [
        pushBlob(name, 0),
        pushBlob(name, number % 5),
        pushManifest(name, text, [now]),
      ])
    }
    for (const name of names) {
      await stores.metadata.deleteManifest(name, digestOfContent(image(number - 3)), { leaseMs: 0 })
    }
    if (number % 2 === 0) await collectGarbage()
    if (number % 3 === 0) await compactBytes()
    number += 1
  }
  const working = (async () => {
    while (!isOver) await push()
  })()
  return {
    count: () => number,
    async end() {
      isOver = true
      await working
    },
  }
}

/** The number that a repository has as its newest. */
async function numberIn({ metadata, blobs }: CopiedStores, name: RepositoryName): Promise<number> {
  const record = await metadata.resolveTag(name, now)
  const open = record === null ? null : await blobs.open(record.blob)
  const text = new TextDecoder().decode(await readAll(open?.stream() ?? new ReadableStream()))
  return Number(JSON.parse(text).annotations.number)
}

/** Backs up a registry at work a few times; each generation has to be of one moment, later than the one before. */
async function backUp(source: BackupSource, count: () => number): Promise<void> {
  const folder = await BackupFolder.open(join(await temporaryFolder(), 'backups'), 'write')
  afterTest(() => folder.close())
  let last = -1
  for (let round = 0; round < 2; round += 1) {
    const before = count()
    await expect.poll(count, { interval: 1 }).toBeGreaterThan(before + 2)
    const { made, copied } = await makeGeneration(folder, source, { hash }, factsOfTest)
    expect(copied.problems).toEqual([])
    const generation = await folder.read(made.name)
    const numbers: number[] = []
    for (const name of names) numbers.push(await numberIn(generation, name))
    // Each follows the one before it.
    const [first = 0] = numbers
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a))
    expect(first - (numbers.at(-1) ?? 0)).toBeLessThanOrEqual(1)
    expect(first).toBeGreaterThan(Math.max(last, before))
    last = first
    expect(await verifyStores(generation, { hash, marks: false })).toMatchObject({ sound: true })
    await generation.close()
  }
  expect(await folder.generations()).toHaveLength(2)
}

test('a folder is backed up as it is at one moment, while it is written, collected and compacted', async () => {
  const directory = await temporaryFolder()
  const stores = await openDiskStores({ directory, mode: 'write' })
  afterTest(() => stores.close())
  const work = busy({ ...stores })
  const open = async () => {
    const moment = await openDiskStores({ directory, mode: 'running' })
    return { stores: moment, isOneMoment: true, close: () => moment.close() }
  }
  await backUp({ open }, work.count)
  await work.end()
})

withServices('a registry in PostgreSQL', { postgres }, (running) => {
  test('is backed up as it is at one moment, while it is written and collected', async () => {
    const url = await running.postgres.database()
    const db = await openPostgres({ url, trashMs: 0 })
    afterTest(() => db.close())
    const blobs = db.smallBlobs(memoryBlobs())
    const { metadata, uploads } = db
    const work = busy({ metadata, uploads, blobs })
    const open = async (pass: number) => {
      if (pass === 1) {
        const close = async (): Promise<void> => {}
        return { stores: { metadata, blobs }, isOneMoment: false, close }
      }
      const moment = await db.oneMoment()
      const close = (): Promise<void> => moment.close()
      return { stores: { metadata: moment.metadata, blobs }, isOneMoment: true, close }
    }
    await backUp({ open }, work.count)
    await work.end()
  })
})
