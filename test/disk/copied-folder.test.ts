import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { CopyIncomplete } from '../../adapters/disk/copied-folder.ts'
import { crc32 } from '../../adapters/disk/crc32.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { readOrigin } from '../../adapters/disk/origin.ts'
import { SealFile } from '../../adapters/disk/seal-file.ts'
import { callContext, type Notice, tagName } from '../../src/index.ts'
import { StoreDamaged } from '../../src/kit.ts'
import { image, repositoryNamed, testRegistry } from '../../src/testing/index.ts'
import { temporaryFolder } from './temporary.ts'

const app = repositoryNamed('team/app')
let made: string

/** A store with an image of a large layer and a small one, made in `made`. */
beforeEach(async () => {
  made = join(await temporaryFolder(), 'made')
  const stores = await openDiskStores({ directory: made, mode: 'write' })
  const registry = testRegistry({ stores })
  await registry.push({ 'team/app:1': image({ layers: ['small', 'large'.repeat(20_000)] }) })
  await stores.close()
})

async function copied(): Promise<string> {
  const copy = join(await temporaryFolder(), 'copy')
  await cp(made, copy, { recursive: true })
  return copy
}

function originOf(folder: string): Promise<string> {
  return readOrigin(nodeFiles, layoutOf(folder))
}

async function open(directory: string, mode: 'write' | 'read' = 'write'): Promise<number> {
  const stores = await openDiskStores({ directory, mode })
  try {
    const registry = testRegistry({ stores })
    const page = await registry.service.listTags(callContext(), app, { limit: 10 })
    return page.items.length
  } finally {
    await stores.close()
  }
}

/** The path of the first file in a folder of a store. */
async function first(folder: string): Promise<string> {
  const [name = ''] = (await readdir(folder)).sort()
  return join(folder, name)
}

describe('messages that wait in a folder', () => {
  const tell = () => [{ endpoints: ['east'], text: 'pushed' }]

  /** Opens a folder, and says what waits, what is dead, and what was noticed. */
  async function look(directory: string, unlinked: boolean): Promise<unknown> {
    const notices: Notice[] = []
    const onNotice = (notice: Notice): void => void notices.push(notice)
    const { metadata, ...stores } = await openDiskStores({ directory, mode: 'write', onNotice })
    try {
      if (unlinked) await metadata.deleteTag(app, tagName('1'), { tell })
      const entries = (await metadata.outbox?.list({ limit: 10 }))?.items ?? []
      const claims = await metadata.outbox?.claim(['east'], { limit: 10, forMs: 0 })
      return {
        states: entries.map(({ state }) => state),
        claimed: claims?.entries.length,
        noticed: notices.map((notice) => ('detail' in notice ? notice.detail : notice.kind)),
      }
    } finally {
      await stores.close()
    }
  }

  test('are dead letters in a copy of it, from its first opening on', async () => {
    const one = { states: ['waiting'], claimed: 1, noticed: [] }
    expect(await look(made, true)).toEqual(one)
    const copy = await copied()
    const held = { states: ['dead'], claimed: 0 }
    const detail = expect.stringContaining('what waited (1) became dead letters')
    expect(await look(copy, false)).toEqual({ ...held, noticed: [detail] })
    expect(await look(copy, false)).toEqual({ ...held, noticed: [] })
    expect(await look(made, false)).toEqual(one)
    const moved = join(await temporaryFolder(), 'moved')
    await rename(made, moved)
    expect(await look(moved, false)).toEqual(one)
  })

  test('wait on where a copy is only read', async () => {
    await look(made, true)
    const copy = await copied()
    const { metadata, ...stores } = await openDiskStores({ directory: copy, mode: 'read' })
    const { items = [] } = (await metadata.outbox?.list({ limit: 10 })) ?? {}
    expect(items.map(({ state }) => state)).toEqual(['waiting'])
    const claiming = metadata.outbox?.claim(['east'], { limit: 1, forMs: 1 })
    await expect(claiming).rejects.toMatchObject({ kind: 'storageReadOnly' })
    expect(await metadata.outbox?.counts()).toMatchObject([{ endpoint: 'east', waiting: 1 }])
    await stores.close()
  })
})

describe('a folder', () => {
  test('that was moved, or opened again, is not looked through', async () => {
    expect(await originOf(made)).toBe('here')
    const moved = join(await temporaryFolder(), 'moved')
    await rename(made, moved)
    expect(await originOf(moved)).toBe('here')
    // It would be refused otherwise.
    await rm(await first(join(moved, 'blobs/sha256')))
    expect(await open(moved)).toBe(1)
  })

  test('that was copied whole opens, and is looked through once', async () => {
    const copy = await copied()
    expect(await originOf(copy)).toBe('copied')
    expect(await open(copy, 'read')).toBe(1)
    expect(await originOf(copy)).toBe('copied')
    expect(await open(copy)).toBe(1)
    expect(await originOf(copy)).toBe('here')
    await rm(await first(join(copy, 'blobs/sha256')))
    expect(await open(copy)).toBe(1)
  })

  test.each<[string, (copy: string) => Promise<void>, RegExp]>([
    [
      'a large blob',
      async (copy) => rm(await first(join(copy, 'blobs/sha256'))),
      /lacks the bytes of a blob or manifest that it has names of, such as sha256:/,
    ],
    [
      'the end of a large blob',
      async (copy) => truncate(await first(join(copy, 'blobs/sha256')), 99_999),
      /lacks the bytes of a blob or manifest/,
    ],
    [
      'a segment',
      async (copy) => rm(await first(join(copy, 'segments'))),
      /lacks the bytes of [23] blobs and manifests/,
    ],
    [
      'the end of a segment',
      async (copy) => {
        const segment = await first(join(copy, 'segments'))
        await truncate(segment, (await readFile(segment)).byteLength - 1)
      },
      /lacks the bytes of a blob or manifest/,
    ],
    [
      'what was deleted from a segment since',
      async (copy) => {
        const segment = await first(join(copy, 'segments'))
        const fields = '00000000 0000007a '
        const check = crc32(fields).toString(16).padStart(8, '0')
        await writeFile(`${segment}.dead`, `${fields}${check}\n`)
      },
      /lacks the bytes of a blob or manifest/,
    ],
    ['the seal', async (copy) => rm(join(copy, 'journal.seal')), /journal\.seal: is not in it/],
    ['its journal', async (copy) => rm(join(copy, 'journal.1')), /journal\.1.*is gone/],
    [
      'the end of its journal',
      async (copy) => {
        const journal = join(copy, 'journal.1')
        const bytes = (await readFile(journal)).byteLength
        const seal = await SealFile.open(nodeFiles, layoutOf(copy), { generation: 1, bytes })
        await seal.close()
        await truncate(journal, bytes - 1)
      },
      /journal\.1: its end was cut off/,
    ],
  ])(
    'that was copied without %s is refused, says that it is a copy, and is left as it was',
    async (_, lose, problem) => {
      const stores = await openDiskStores({ directory: made, mode: 'write' })
      await testRegistry({ stores }).push({ 'team/app:2': image({ layers: ['small'] }) })
      const copy = await copied()
      await stores.close()
      await lose(copy)
      const before = await readFile(join(copy, 'origin'), 'utf8')
      for (const mode of ['read', 'write'] as const) {
        const refusal = open(copy, mode)
        await expect(refusal).rejects.toBeInstanceOf(CopyIncomplete)
        await expect(refusal).rejects.toBeInstanceOf(StoreDamaged)
        await expect(refusal).rejects.toThrow(problem)
        await expect(refusal).rejects.toThrow(
          'the folder is a copy that was cut off, or made while its server wrote it',
        )
      }
      expect(await readFile(join(copy, 'origin'), 'utf8')).toBe(before)
      expect(await readdir(join(copy, 'quarantine'))).toEqual([])
    },
  )

  test('that lost a file where it was made is not called a copy', async () => {
    await rm(join(made, 'journal.1'))
    const refusal = open(made)
    await expect(refusal).rejects.not.toBeInstanceOf(CopyIncomplete)
    await expect(refusal).rejects.toThrow('journal.1')
  })
})
