import { readFileSync, writeFileSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DiskStore } from '../../adapters/disk/store.ts'
import type { Notice } from '../../src/index.ts'
import { type LogFile, type MetadataLog, StoreDamaged } from '../../src/kit.ts'
import { type Call, FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

interface Opened {
  readonly store: DiskStore
  readonly log: MetadataLog
  readonly files: FaultFiles
  readonly notices: Notice[]
}

/** A store whose log is loaded and takes everything it finds. */
async function opened(directory: string): Promise<Opened> {
  const files = new FaultFiles(directory)
  const notices: Notice[] = []
  const store = await openStore({ directory, files, onNotice: (notice) => notices.push(notice) })
  const { log } = store
  const { snapshots, journals } = await log.load()
  const newest = journals.at(-1)
  if (newest === undefined) throw new Error('no journal')
  const journalBytes = (await textOf(newest)).length
  const generation = Math.max(newest.generation, snapshots[0]?.generation ?? 0)
  await log.adopt({ generation, journalBytes, damaged: [] })
  files.calls.length = 0
  return { store, log, files, notices }
}

async function textOf(file: LogFile): Promise<string> {
  let text = ''
  for await (const piece of file.read()) text += Buffer.from(piece).toString('latin1')
  return text
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function* rows(generation: number, text = 'rows'): AsyncGenerator<Uint8Array> {
  yield bytes(`{"format":"test","generation":${generation},"rows":[\n`)
  yield bytes(`"${text}"\n]}\n`)
}

/** Rotates and compacts. */
async function compact(log: MetadataLog, text?: string): Promise<number> {
  const generation = await log.rotate()
  await log.replace(generation, rows(generation, text))
  return generation
}

async function names(directory: string): Promise<string[]> {
  const all = await readdir(directory)
  return all.filter((name) => /^(?:journal\.[0-9]|metadata)/.test(name)).sort()
}

describe('appending', () => {
  test('is durable, in order, and found again', async () => {
    const directory = await temporaryFolder()
    const { store, log, files } = await opened(directory)
    await log.append(bytes('one\n'))
    await log.append(bytes('two\n'))
    expect(files.lines.filter((line) => line.endsWith(' journal.0'))).toEqual([
      'write journal.0',
      'datasync journal.0',
      'stat journal.0',
      'write journal.0',
      'datasync journal.0',
      'stat journal.0',
    ])
    await store.close()
    const again = await opened(directory)
    const { journals } = await again.log.load()
    expect(await Promise.all(journals.map(textOf))).toEqual(['one\ntwo\n'])
  })

  test('writes what the system took only part of', async () => {
    const directory = await temporaryFolder()
    const { log, files } = await opened(directory)
    files.judge = ({ operation }) => (operation === 'write' ? 3 : null)
    await log.append(bytes('a longer line\n'))
    expect(await readFile(join(directory, 'journal.0'), 'utf8')).toBe('a longer line\n')
  })

  test('a failed sync ends writing for good, and is never tried again', async () => {
    const directory = await temporaryFolder()
    const { store, log, files, notices } = await opened(directory)
    files.judge = ({ operation }) => (operation === 'datasync' ? 'EIO' : null)
    await expect(log.append(bytes('one\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
    files.judge = () => null
    files.calls.length = 0
    await expect(log.append(bytes('two\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.rotate()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.replace(1, rows(1))).rejects.toMatchObject({ kind: 'storageReadOnly' })
    expect(files.lines).toEqual([])
    await expect(log.seal()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    expect(files.lines).toEqual([])
    // The metadata over it says so, once.
    expect(notices).toEqual([])
    expect(store.status().health.metadata.state).toBe('read-only')
    expect(store.status().failure).toMatchObject({ kind: 'storageReadOnly' })
  })

  test('a sync that finds no room is a failed sync too', async () => {
    const { log, files } = await opened(await temporaryFolder())
    files.judge = ({ operation }) => (operation === 'datasync' ? 'ENOSPC' : null)
    await expect(log.append(bytes('one\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })

  test('on a full disk the journal is as before, and goes on once there is room', async () => {
    const directory = await temporaryFolder()
    const { log, files } = await opened(directory)
    await log.append(bytes('one\n'))
    let writes = 0
    files.judge = ({ operation, path }) => {
      if (operation !== 'write' || path !== 'journal.0') return null
      writes += 1
      return writes % 2 === 1 ? 2 : 'ENOSPC'
    }
    await expect(log.append(bytes('two\n'))).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await readFile(join(directory, 'journal.0'), 'utf8')).toBe('one\n')
    files.judge = () => null
    await log.append(bytes('three\n'))
    expect(await readFile(join(directory, 'journal.0'), 'utf8')).toBe('one\nthree\n')
  })

  test('a full disk still takes changes at the cost of the reserve', async () => {
    const directory = await temporaryFolder()
    const { log, files } = await opened(directory)
    let room = 0
    files.judge = ({ operation, path }) => {
      if (operation === 'truncate' && path === 'reserve') room += 1
      if (operation !== 'write') return null
      if (path === 'reserve') return 'ENOSPC'
      if (room === 0) return 'ENOSPC'
      room -= 1
      return null
    }
    let taken = 0
    while (
      await log.append(bytes('delete\n')).then(
        () => true,
        () => false,
      )
    )
      taken += 1
    expect(taken).toBe(16)
    expect(await readFile(join(directory, 'journal.0'), 'utf8')).toBe('delete\n'.repeat(16))
  })

  test('a journal that cannot be cut back is not written to again', async () => {
    const { log, files } = await opened(await temporaryFolder())
    files.judge = ({ operation }) =>
      operation === 'write' ? 'ENOSPC' : operation === 'truncate' ? 'EIO' : null
    await expect(log.append(bytes('one\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })
})

describe('a journal that is not what it was', () => {
  test.each([
    ['is removed', (path: string) => rm(path)],
    ['is replaced', (path: string) => rm(path).then(() => writeFile(path, ''))],
  ])('once it %s, nothing is acknowledged', async (_, change) => {
    const directory = await temporaryFolder()
    const { log } = await opened(directory)
    await log.append(bytes('one\n'))
    await log.check?.()
    await change(join(directory, 'journal.0'))
    await expect(log.check?.()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.append(bytes('two\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.rotate()).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })

  test('a folder that is away for a moment is used again', async () => {
    const directory = await temporaryFolder()
    const { log } = await opened(directory)
    await rename(directory, `${directory}.away`)
    await expect(log.check?.()).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(log.append(bytes('one\n'))).rejects.toMatchObject({ kind: 'unavailable' })
    await rename(`${directory}.away`, directory)
    await log.append(bytes('two\n'))
    expect(await readFile(join(directory, 'journal.0'), 'utf8')).toBe('two\n')
  })
})

describe('the next journal', () => {
  const beginnings = ['create journal.1', 'datasync journal.1', 'sync-directory ']

  test.each(beginnings)('without room for "%s" the one before goes on', async (line) => {
    const directory = await temporaryFolder()
    const { store, log, files } = await opened(directory)
    await log.append(bytes('one\n'))
    const isNext = ({ operation, path }: Call) => `${operation} ${path}` === line
    failOnce(files, isNext, 'ENOSPC')
    await expect(log.rotate()).rejects.toMatchObject({ kind: 'storageFull' })
    expect(await names(directory)).toEqual(['journal.0'])
    await log.append(bytes('two\n'))
    expect(await log.rotate()).toBe(1)
    await log.append(bytes('three\n'))
    await store.close()
    const { journals } = await (await openStore({ directory })).log.load()
    expect(await Promise.all(journals.map(textOf))).toEqual(['one\ntwo\n', 'three\n'])
  })

  test.each(beginnings.slice(1))('with an error of "%s" writing ends', async (line) => {
    const { log, files } = await opened(await temporaryFolder())
    failOnce(files, ({ operation, path }) => `${operation} ${path}` === line, 'EIO')
    await expect(log.rotate()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.append(bytes('one\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })

  test('that can neither be begun nor taken back ends writing', async () => {
    const { log, files } = await opened(await temporaryFolder())
    files.judge = ({ operation, path }) => {
      if (operation === 'datasync' && path === 'journal.1') return 'ENOSPC'
      return operation === 'unlink' ? 'EIO' : null
    }
    await expect(log.rotate()).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })
})

describe('the seal', () => {
  async function sealOf(directory: string): Promise<unknown> {
    return (await (await openStore({ directory })).log.load()).seal
  }

  test('is written over in turn, each time with one sync', async () => {
    const directory = await temporaryFolder()
    const { store, log, files } = await opened(directory)
    for (const text of ['one\n', 'two\n', 'three\n']) {
      await log.append(bytes(text))
      files.calls.length = 0
      await log.seal()
      expect(files.lines.filter((line) => !line.startsWith('stat'))).toEqual([
        'write journal.seal',
        'datasync journal.seal',
      ])
    }
    expect(await readFile(join(directory, 'journal.seal'), 'latin1')).toMatch(
      /^seal 0 8 [0-9a-f]{8} +\nseal 0 14 [0-9a-f]{8} +\n$/,
    )
    await store.close()
    expect(await sealOf(directory)).toEqual({ generation: 0, bytes: 14 })
  })

  test('is one or the other of the last two, whatever happens to one of them', async () => {
    const directory = await temporaryFolder()
    const { store, log } = await opened(directory)
    await log.append(bytes('one\n'))
    await log.seal()
    await log.append(bytes('two\n'))
    await log.seal()
    await store.close()
    const path = join(directory, 'journal.seal')
    const whole = await readFile(path)
    expect(whole.length).toBe(128)
    const { log: next } = await openStore({ directory })
    for (let at = 0; at < whole.length; at += 1) {
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 4
      await writeFile(path, flipped)
      const { seal } = await next.load()
      // The damaged one is not taken for another: what is left is what was said last, or before.
      expect([8, 4]).toContain(seal?.bytes)
    }
    for (let length = 64; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length))
      expect((await next.load()).seal?.bytes).toBeGreaterThan(0)
    }
  })

  test.each([
    ['is empty', (path: string) => truncate(path, 0)],
    ['is zeroed', (path: string) => writeFile(path, new Uint8Array(128))],
    ['is something else', (path: string) => writeFile(path, 'seal 0 0\n')],
    ['is a symbolic link', (path: string) => rm(path).then(() => symlink('/etc/passwd', path))],
  ])('that %s is damage', async (_, damage) => {
    const directory = await temporaryFolder()
    const { store } = await opened(directory)
    await store.close()
    await damage(join(directory, 'journal.seal'))
    const loading = (await openStore({ directory })).log.load()
    await expect(loading).rejects.toBeInstanceOf(StoreDamaged)
    await expect(loading).rejects.toThrow('journal.seal')
  })

  test('is made where there was none', async () => {
    const directory = await temporaryFolder()
    const { store, log } = await opened(directory)
    await log.append(bytes('one\n'))
    await store.close()
    await rm(join(directory, 'journal.seal'))
    const again = await opened(directory)
    await again.store.close()
    expect(await sealOf(directory)).toEqual({ generation: 0, bytes: 4 })
  })

  test('that finds no room is set another time, and the last one counts', async () => {
    const directory = await temporaryFolder()
    const { store, log, files } = await opened(directory)
    await log.append(bytes('one\n'))
    await log.seal()
    await log.append(bytes('two\n'))
    let writes = 0
    files.judge = ({ operation, path }) => {
      if (operation !== 'write' || path !== 'journal.seal') return null
      writes += 1
      return writes === 1 ? 9 : 'ENOSPC'
    }
    await expect(log.seal()).rejects.toMatchObject({ kind: 'storageFull' })
    files.judge = () => null
    expect((await reloadCopy(directory)).seal).toEqual({ generation: 0, bytes: 4 })
    await log.seal()
    await store.close()
    expect(await sealOf(directory)).toEqual({ generation: 0, bytes: 8 })
  })

  /** What a store in a copy of the folder finds. */
  async function reloadCopy(directory: string) {
    const copy = await temporaryFolder()
    await cp(directory, copy, { recursive: true })
    return (await openStore({ directory: copy })).log.load()
  }

  test('whose sync fails ends writing', async () => {
    const { log, files } = await opened(await temporaryFolder())
    await log.append(bytes('one\n'))
    failOnce(
      files,
      ({ operation, path }) => `${operation} ${path}` === 'datasync journal.seal',
      'EIO',
    )
    await expect(log.seal()).rejects.toMatchObject({ kind: 'storageReadOnly' })
    await expect(log.append(bytes('two\n'))).rejects.toMatchObject({ kind: 'storageReadOnly' })
  })

  test('that cannot be made on a full disk does not keep a store from opening', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const store = await openStore({ directory, files })
    await store.log.load()
    files.judge = ({ operation, path }) =>
      operation === 'write' && path.startsWith('journal.seal') ? 'ENOSPC' : null
    await store.log.adopt({ generation: 0, journalBytes: 0, damaged: [] })
    await store.log.append(bytes('one\n'))
    files.judge = () => null
    await store.log.seal()
    await store.close()
    expect(await sealOf(directory)).toEqual({ generation: 0, bytes: 4 })
  })
})

describe('compacting', () => {
  test('keeps the newest generation and the one before, and lets older ones go', async () => {
    const directory = await temporaryFolder()
    const { store, log } = await opened(directory)
    await log.append(bytes('zero\n'))
    await compact(log, 'first')
    expect(await names(directory)).toEqual(['journal.0', 'journal.1', 'metadata.json'])
    await log.append(bytes('one\n'))
    await compact(log, 'second')
    await log.append(bytes('two\n'))
    expect(await names(directory)).toEqual([
      'journal.1',
      'journal.2',
      'metadata.json',
      'metadata.previous.json',
    ])
    await compact(log, 'third')
    expect(await names(directory)).toEqual([
      'journal.2',
      'journal.3',
      'metadata.json',
      'metadata.previous.json',
    ])
    await store.close()
    const { snapshots, journals } = await (await openStore({ directory })).log.load()
    expect(snapshots.map((file) => [file.name, file.generation])).toEqual([
      ['metadata.json', 3],
      ['metadata.previous.json', 2],
    ])
    expect(journals.map((file) => file.generation)).toEqual([2, 3])
    const [newest] = snapshots
    if (newest === undefined) throw new Error('no snapshot')
    expect(JSON.parse(await textOf(newest))).toMatchObject({ generation: 3, rows: ['third'] })
  })

  test('syncs the snapshot and reads it back before it counts', async () => {
    const { log, files } = await opened(await temporaryFolder())
    await compact(log)
    files.calls.length = 0
    await compact(log)
    expect(files.lines.filter((line) => !/^(stat|open-d|close)/.test(line))).toEqual([
      'create journal.2',
      'datasync journal.2',
      'sync-directory ',
      'write journal.seal',
      'datasync journal.seal',
      'unlink metadata.json.new',
      'create metadata.json.new',
      'write metadata.json.new',
      'datasync metadata.json.new',
      'read metadata.json.new',
      'unlink metadata.previous.json.new',
      'link metadata.json metadata.previous.json.new',
      'rename metadata.previous.json.new metadata.previous.json',
      'unlink metadata.previous.json.new',
      'rename metadata.json.new metadata.json',
      'sync-directory ',
      'unlink journal.0',
    ])
  })

  test.each(['write', 'datasync', 'link', 'rename'])(
    'when %s fails, the older files still count, and the next attempt may succeed',
    async (operation) => {
      const directory = await temporaryFolder()
      const { store, log, files } = await opened(directory)
      await compact(log, 'first')
      const generation = await log.rotate()
      files.judge = (call) =>
        call.operation === operation && call.path.includes('metadata') ? 'EIO' : null
      await expect(log.replace(generation, rows(generation))).rejects.toThrow('EIO')
      files.judge = () => null
      expect(JSON.parse(await readFile(join(directory, 'metadata.json'), 'utf8')).generation).toBe(
        1,
      )
      await log.append(bytes('still there\n'))
      await compact(log, 'again')
      await store.close()
      const { snapshots, journals } = await (await openStore({ directory })).log.load()
      expect(snapshots.map((file) => file.generation)).toEqual([3, 1])
      expect(journals.map((file) => file.generation)).toEqual([1, 2, 3])
    },
  )

  test('a snapshot that reads back wrong never gets the name', async () => {
    const directory = await temporaryFolder()
    const { log, files } = await opened(directory)
    await compact(log, 'first')
    const generation = await log.rotate()
    const fresh = join(directory, 'metadata.json.new')
    files.judge = ({ operation, path }) => {
      if (operation === 'read' && path === 'metadata.json.new') flip(fresh)
      return null
    }
    await expect(log.replace(generation, rows(generation))).rejects.toThrow('reads back')
    expect(await names(directory)).toEqual(['journal.0', 'journal.1', 'journal.2', 'metadata.json'])
  })

  test('succeeds although an old journal cannot be removed, which is done the next time', async () => {
    const directory = await temporaryFolder()
    const { store, log, files } = await opened(directory)
    await compact(log, 'first')
    failOnce(
      files,
      ({ operation, path }) => `${operation} ${path}` === 'unlink journal.0',
      'EACCES',
    )
    await compact(log, 'second')
    expect(await names(directory)).toContain('journal.0')
    expect(await names(directory)).toContain('metadata.previous.json')
    await compact(log, 'third')
    expect(await names(directory)).not.toContain('journal.0')
    expect(await names(directory)).not.toContain('journal.1')
    await store.close()
    expect((await (await openStore({ directory })).log.load()).journals).toHaveLength(2)
  })

  test('runs beside appends', async () => {
    const directory = await temporaryFolder()
    const { log } = await opened(directory)
    const generation = await log.rotate()
    const replacing = log.replace(generation, rows(generation))
    for (let number = 0; number < 20; number += 1) await log.append(bytes(`${number}\n`))
    await replacing
    expect((await readFile(join(directory, 'journal.1'), 'utf8')).split('\n')).toHaveLength(21)
  })
})

describe('damage', () => {
  async function prepared(): Promise<string> {
    const directory = await temporaryFolder()
    const { store, log } = await opened(directory)
    await compact(log, 'first')
    await compact(log, 'second')
    await log.append(bytes('last\n'))
    await store.close()
    return directory
  }

  test('a torn tail is kept aside, then cut', async () => {
    const directory = await prepared()
    const notices: Notice[] = []
    const store = await openStore({ directory, onNotice: (notice) => notices.push(notice) })
    await store.log.load()
    await store.log.adopt({ generation: 2, journalBytes: 3, damaged: [] })
    await store.log.append(bytes('X\n'))
    expect(await readFile(join(directory, 'journal.2'), 'utf8')).toBe('lasX\n')
    const [kept = ''] = await readdir(join(directory, 'quarantine'))
    expect(kept).toMatch(/^journal\.2\.tail-/)
    expect(await readFile(join(directory, 'quarantine', kept), 'utf8')).toBe('t\n')
    expect(notices).toMatchObject([{ kind: 'store-recovered', file: 'journal.2' }])
  })

  test('a damaged snapshot is kept aside, and the one before is not pushed out', async () => {
    const directory = await prepared()
    const store = await openStore({ directory })
    await store.log.load()
    await store.log.adopt({ generation: 2, journalBytes: 5, damaged: ['metadata.json'] })
    expect(await names(directory)).toEqual(['journal.1', 'journal.2', 'metadata.previous.json'])
    await compact(store.log, 'third')
    expect(await names(directory)).toEqual([
      'journal.1',
      'journal.2',
      'journal.3',
      'metadata.json',
      'metadata.previous.json',
    ])
    const [kept] = await readdir(join(directory, 'quarantine'))
    expect(kept).toMatch(/^metadata\.json\.corrupt-/)
  })

  test('damage of the same moment does not overwrite what was kept before', async () => {
    const directory = await prepared()
    const store = await openStore({ directory, clock: () => 0 })
    await store.log.load()
    const damaged = ['metadata.json', 'metadata.previous.json']
    await writeFile(join(directory, 'quarantine/metadata.json.corrupt-1970-01-01T000000.000Z'), 'x')
    await store.log.adopt({ generation: 2, journalBytes: 5, damaged })
    expect(await readdir(join(directory, 'quarantine'))).toHaveLength(3)
  })

  test.each([
    ['is empty', (path: string) => truncate(path, 0)],
    ['begins with something else', (path: string) => writeFile(path, 'not a snapshot')],
    ['is a symbolic link', (path: string) => rm(path).then(() => symlink('/etc/passwd', path))],
  ])('a snapshot that %s is passed over and kept aside', async (_, damage) => {
    const directory = await prepared()
    await damage(join(directory, 'metadata.json'))
    const { store, log } = await opened(directory)
    expect(await names(directory)).toEqual(['journal.1', 'journal.2', 'metadata.previous.json'])
    await store.close()
    expect(await readdir(join(directory, 'quarantine'))).toHaveLength(1)
    expect(log).toBeDefined()
  })

  test.each([
    [['metadata.json', 'metadata.previous.json']],
    [['metadata.json', 'metadata.previous.json', 'journal.1', 'journal.2']],
    [['metadata.json', 'journal.1']],
    [['journal.2']],
    [['journal.1', 'journal.2']],
  ])('without %j the store refuses', async (gone) => {
    const directory = await prepared()
    for (const name of gone) await rename(join(directory, name), join(directory, `${name}.away`))
    const store = await openStore({ directory })
    const refusal = store.log.load()
    await expect(refusal).rejects.toBeInstanceOf(StoreDamaged)
    await expect(refusal).rejects.toThrow('is gone, and with it names that were acknowledged')
  })

  test.each([[['metadata.json']], [['metadata.previous.json']], [['journal.1']]])(
    'without %j nothing is lost',
    async (gone) => {
      const directory = await prepared()
      for (const name of gone) await rm(join(directory, name))
      const { journals } = await (await openStore({ directory })).log.load()
      expect(journals.at(-1)?.generation).toBe(2)
    },
  )

  test('a lost first journal is not taken for a new store', async () => {
    const directory = await temporaryFolder()
    const { store } = await opened(directory)
    await store.close()
    await rm(join(directory, 'journal.0'))
    await expect((await openStore({ directory })).log.load()).rejects.toThrow(
      'and with it names that were acknowledged',
    )
  })

  test('the previous snapshot is not offered where a journal after it is gone', async () => {
    const directory = await prepared()
    await rm(join(directory, 'journal.1'))
    const { snapshots } = await (await openStore({ directory })).log.load()
    expect(snapshots.map((file) => file.name)).toEqual(['metadata.json'])
  })

  test('what a killed process left in memory is synced before it counts', async () => {
    const directory = await prepared()
    const files = new FaultFiles(directory)
    const { log } = await openStore({ directory, files })
    await log.load()
    files.calls.length = 0
    await log.adopt({ generation: 2, journalBytes: 5, damaged: [] })
    expect(files.lines).toContain('datasync journal.2')
    expect(files.lines).toContain('sync-directory ')
  })
})

/** Fails the first call that fits. */
function failOnce(files: FaultFiles, fits: (call: Call) => boolean, code: string): void {
  files.judge = (call) => {
    if (!fits(call)) return null
    files.judge = () => null
    return code
  }
}

function flip(path: string): void {
  const content = readFileSync(path)
  content[content.length - 5] = (content.at(-5) ?? 0) ^ 1
  writeFileSync(path, content)
}
