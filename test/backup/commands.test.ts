import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { writeBackupArchive } from '../../adapters/backup/backup-archive.ts'
import { unpackArchive } from '../../adapters/backup/unpack-archive.ts'
import { backupCommand } from '../../adapters/cli/backup-command.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { explainStorage } from '../../adapters/cli/explain.ts'
import { restoreCommand } from '../../adapters/cli/restore-command.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { archiveFile } from '../../adapters/folders/archive-sinks.ts'
import { openContent } from '../../adapters/folders/open-content.ts'
import { TarProblem, writeHeader } from '../../adapters/folders/tar-header.ts'
import { type Tag, tagName } from '../../src/index.ts'
import { image, repositoryNamed, testRegistry } from '../../src/testing/index.ts'
import { viewOf } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { factsOfTest } from './facts.ts'

// Each command listens to signals until its process ends.
process.setMaxListeners(100)

/** Runs a command of this process; what it printed, and its exit code. */
async function run(command: 'backup' | 'restore', ...words: readonly string[]) {
  const printed: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      printed[name] += String(chunk)
      return true
    }),
  )
  try {
    const code = await (command === 'backup' ? backupCommand(words) : restoreCommand(words))
    return { code, out: printed.stdout, err: printed.stderr }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { code: error.exitCode, out: printed.stdout, err: printed.stderr + error.message }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** A registry that is at work, and where its backups go. */
async function setUp(...tags: readonly string[]) {
  const folder = await temporaryFolder()
  const [from, to] = [join(folder, 'data'), join(folder, 'backups')]
  const stores = await openDiskStores({ directory: from, mode: 'write' })
  afterTest(() => stores.close())
  const registry = testRegistry({ stores, hash })
  const push = async (tag: string): Promise<void> => {
    const layer = `layer of ${tag} `.repeat(tag.startsWith('large') ? 10_000 : 10)
    await registry.push({ [`a:${tag}`]: image({ layers: [layer] }) })
  }
  for (const tag of tags) await push(tag)
  const backup = async (...words: readonly string[]) => {
    const made = await run('backup', to, '--storage-dir', from, '--json', ...words)
    expect([made.code, made.err]).toEqual([0, ''])
    return JSON.parse(made.out)
  }
  return { folder, from, to, stores, registry, push, backup }
}

/** What a folder has, as clients see it. */
async function viewIn(directory: string): Promise<unknown> {
  const stores = await openDiskStores({ directory, mode: 'read' })
  try {
    return await viewOf(stores)
  } finally {
    await stores.close()
  }
}

async function tagsIn(directory: string): Promise<readonly string[]> {
  const stores = await openDiskStores({ directory, mode: 'read' })
  try {
    const page = await stores.metadata.listTags(repositoryNamed('a'), { limit: 100 })
    return page?.items ?? []
  } finally {
    await stores.close()
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

function damageIn(folder: string): void {
  const [name = ''] = readdirSync(folder)
  const bytes = readFileSync(join(folder, name))
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000)
  writeFileSync(join(folder, name), bytes)
}

test('as many generations stay as are wanted, and bytes that only the others had go', async () => {
  const { folder, to, registry, backup } = await setUp('stays', 'large-goes')
  const first = await backup()
  const path = '/v2/a/manifests/large-goes'
  const manifest = await (await registry.fetch(path, { headers: { accept: '*/*' } })).json()
  await registry.fetch(path, { method: 'DELETE' })
  const goes = `/v2/a/blobs/${manifest.layers[0].digest}`
  await registry.fetch(goes, { method: 'DELETE' })
  await backup()
  const size = sizeOf(join(to, 'bytes'))
  const pruned = await backup('--keep', '1')
  expect(pruned.kept).toBe(1)
  expect(pruned.dropped).toHaveLength(2)
  expect(pruned.dropped[0]).toBe(first.generation)
  expect(pruned.swept.bytes).toBeGreaterThanOrEqual('layer of large-goes '.length * 10_000)
  expect(sizeOf(join(to, 'bytes'))).toBeLessThan(size - 190_000)
  expect((await run('restore', to, join(folder, 'restored'))).code).toBe(0)
  expect(await tagsIn(join(folder, 'restored'))).toEqual(['stays'])
})

test('what waits to be delivered is in no backup', async () => {
  const { folder, stores, to, backup } = await setUp('one')
  const tell = () => [{ endpoints: ['east'], text: 'deleted' }]
  await stores.metadata.deleteTag(repositoryNamed('a'), tagName('one'), { tell })
  expect((await stores.metadata.outbox?.list({ limit: 9 }))?.items).toHaveLength(1)
  await backup()
  const restored = join(folder, 'restored')
  expect((await run('restore', to, restored)).code).toBe(0)
  const copy = await openDiskStores({ directory: restored, mode: 'write' })
  expect(await copy.metadata.outbox?.list({ limit: 9 })).toEqual({ items: [], more: false })
  expect(await copy.metadata.outbox?.counts()).toEqual([])
  await copy.close()
})

test('a registry with nothing in common with the newest generation is backed up all the same', async () => {
  const { folder, to, registry, push, backup } = await setUp('one')
  await backup()
  await registry.fetch('/v2/_layerdock/repositories/a', { method: 'DELETE' })
  await registry.push({ 'b:two': image({ layers: ['two'] }) })
  expect(await backup()).toMatchObject({ whole: true, repositories: 1, kept: 2 })
  await push('three')
  await backup()
  expect((await run('restore', to, join(folder, 'restored'))).code).toBe(0)
  expect(await tagsIn(join(folder, 'restored'))).toEqual(['three'])
})

test('bytes and names that have gone from a backup are copied again', async () => {
  const { folder, to, stores, backup } = await setUp('small', 'large')
  const { bytes } = await backup()
  const large = join(to, 'bytes/blobs/sha256')
  rmSync(join(large, readdirSync(large)[0] ?? ''))
  expect((await backup()).copiedBytes).toBe('layer of large '.length * 10_000)
  expect((await backup()).copiedBytes).toBe(0)

  // Names of the newest: those before it stand in. Of all: everything is copied.
  const [first, second, third] = readdirSync(join(to, 'generations')).sort()
  const spoil = (name: string | undefined): void => {
    const generation = join(to, 'generations', `${name}`)
    for (const file of readdirSync(generation)) {
      if (file.startsWith('journal.')) rmSync(join(generation, file))
    }
  }
  spoil(third)
  const refused = await run('restore', to, join(folder, 'x'))
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Choose another gen') })
  expect((await backup()).copiedBytes).toBe(0)
  for (const name of [first, second, ...readdirSync(join(to, 'generations'))]) spoil(name)
  expect((await backup()).copiedBytes).toBe(bytes)
  const restored = join(folder, 'restored')
  expect((await run('restore', to, restored)).code).toBe(0)
  expect(await viewIn(restored)).toEqual(await viewOf(stores))
})

test('an archive is a backup once it is unpacked whole', async () => {
  const { folder, from, stores, push } = await setUp('small', 'large')
  const archive = join(folder, 'backup.tar')
  const sink = await archiveFile(archive)
  const open = async () => {
    const moment = await openDiskStores({ directory: from, mode: 'running' })
    return { stores: moment, isOneMoment: true, close: () => moment.close() }
  }
  await writeBackupArchive({ open }, sink, { hash }, factsOfTest)
  await sink.close()
  const unpacked = join(folder, 'unpacked')
  mkdirSync(unpacked)
  execFileSync('tar', ['-xf', archive, '-C', unpacked])
  expect((await run('restore', unpacked, join(folder, 'restored'))).code).toBe(0)
  expect(await viewIn(join(folder, 'restored'))).toEqual(await viewOf(stores))
  const bytes = readFileSync(archive)
  const foreign = await openContent(archive, null).catch(String)
  expect(foreign).toContain('it is a backup, and no image layout')
  const piped = join(folder, 'piped')
  const pieces = async function* (from: Uint8Array, size: number) {
    for (let at = 0; at < from.length; at += size) yield from.subarray(at, at + size)
  }
  const { signal } = new AbortController()
  for (const size of [1000, bytes.length]) {
    await unpackArchive(pieces(bytes, size), piped, signal)
    await rm(join(folder, 'again'), { recursive: true, force: true })
    expect((await run('restore', piped, join(folder, 'again'))).code).toBe(0)
    expect(await viewIn(join(folder, 'again'))).toEqual(await viewOf(stores))
  }
  for (let size = 0; size < bytes.length - 1024; size += 4099) {
    const cutOff = unpackArchive(pieces(bytes.subarray(0, size), 5000), piped, signal)
    await expect(cutOff).rejects.toThrow(TarProblem)
  }
  for (const name of ['../x', '/x', 'bytes/../../x', 'holiday.jpg', 'generations/../x']) {
    const unpacking = unpackArchive(pieces(writeHeader(name, 0), 512), piped, signal)
    await expect(unpacking, name).rejects.toThrow('is not an archive of layerdock backup')
  }
  // The next backup may go there too, and copies only what is new.
  await push('new')
  const next = await run('backup', unpacked, '--storage-dir', from, '--json')
  const { copiedBytes, kept } = JSON.parse(next.out)
  expect(copiedBytes).toBeLessThan(2_000)
  expect(kept).toBe(2)

  writeFileSync(archive, bytes.subarray(0, bytes.length - 4096))
  const cut = join(folder, 'cut')
  mkdirSync(cut)
  expect(() => execFileSync('tar', ['-xf', archive, '-C', cut], { stdio: 'ignore' })).toThrow()
  const refused = await run('restore', cut, join(folder, 'x'))
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('cut off') })
})

describe('what is damaged', () => {
  test('in the registry is named, and the backup has the rest', async () => {
    const { folder, from, to } = await setUp('small', 'large')
    damageIn(join(from, 'blobs/sha256'))
    const made = await run('backup', to, '--storage-dir', from)
    expect(made.code).toBe(1)
    expect(made.err).toContain('damaged blob a@sha256:')
    expect(made.out).toContain('not whole')
    expect((await run('backup', to, '--list')).out).toContain('not whole: 1')
    const restored = await run('restore', to, join(folder, 'restored'))
    expect(restored).toMatchObject({ code: 0, err: expect.stringContaining('was not whole') })
    expect(await tagsIn(join(folder, 'restored'))).toEqual(['large', 'small'])
  })

  test('in the backup is not restored; --verify finds it, and the next backup puts it right', async () => {
    const { folder, from, to, stores, backup } = await setUp('small', 'large')
    await backup()
    damageIn(join(to, 'bytes/blobs/sha256'))
    const restored = join(folder, 'restored')
    const refused = await run('restore', to, restored)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('damaged blob a@sha256:')
    expect(refused.err).toContain('nothing is put in place')
    const unserved = await openDiskStores({ directory: restored, mode: 'write' }).catch((e) => e)
    expect(explainStorage(unserved, restored)).toContain('only half restored')

    const checked = await run('backup', to, '--storage-dir', from, '--verify')
    expect(checked).toMatchObject({ code: 1, err: expect.stringContaining('damaged blob') })
    expect((await run('backup', to, '--list')).out).toContain('not whole: 1')
    // The next generation has less than what the refused restore left.
    await stores.metadata.deleteTag(repositoryNamed('a'), 'small' as Tag)
    const healed = await backup('--verify')
    expect(healed.copiedBytes).toBe('layer of large '.length * 10_000)
    expect((await run('restore', to, restored)).code).toBe(0)
    expect(await viewIn(restored)).toEqual(await viewOf(stores))
  })
})

test('a store that was half moved to its place is not served', async () => {
  const { folder, to, backup } = await setUp('small')
  await backup()
  const restored = join(folder, 'restored')
  expect((await run('restore', to, restored)).code).toBe(0)
  mkdirSync(join(restored, '.restoring/store'), { recursive: true })
  renameSync(join(restored, 'store.json'), join(restored, '.restoring/store/store.json'))
  writeFileSync(join(restored, '.restoring/whole'), '')
  // In whatever order a folder is listed, one of these comes first.
  const snapshots = Array.from({ length: 20 }, (_, n) => join(restored, `metadata.${n + 1}`))
  for (const path of snapshots) writeFileSync(path, '')
  const unserved = await openDiskStores({ directory: restored, mode: 'write' }).catch((e) => e)
  expect(explainStorage(unserved, restored)).toContain('only half restored')
  for (const path of snapshots) rmSync(path)
  expect((await run('restore', to, restored)).code).toBe(0)
  expect(await tagsIn(restored)).toEqual(['small'])
})

test('folders of other things are refused, and left as they are', async () => {
  const { folder, from, to, backup } = await setUp('small')
  await backup()
  const other = join(folder, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'holiday.jpg'), 'x')
  const file = join(folder, 'file.tar')
  writeFileSync(file, 'x')
  for (const [command, words, problem] of [
    ['backup', [other, '--storage-dir', from], 'holds "holiday.jpg" and no backup.json'],
    ['backup', [from, '--storage-dir', from], 'is the folder of a registry, and no backup'],
    [
      'backup',
      [join(from, 'backups'), '--storage-dir', from],
      'is inside the folder of a registry',
    ],
    [
      'backup',
      [file, '--storage-dir', from],
      'is a file, and a backup is a folder. Choose another place',
    ],
    [
      'backup',
      [join(file, 'x'), '--storage-dir', from],
      'a file is where a folder is needed. Choose another\n',
    ],
    ['backup', [file, '--list'], `layerdock restore - DIR < ${file}`],
    ['restore', [file, join(other, 'x')], `layerdock restore - DIR < ${file}`],
    ['restore', [to, file], 'a file is where a folder is needed; choose a folder'],
    ['restore', [from, join(other, 'x')], 'is the folder of a registry, and no backup'],
    ['restore', [join(other, 'none'), join(other, 'x')], 'there is no backup'],
    ['restore', [to, from], 'choose a folder that is empty'],
    ['restore', [to, other], 'holds "holiday.jpg"'],
    ['restore', [to, join(other, 'x'), '--generation', 'y'], 'has no generation y'],
  ] as const) {
    const refused = await run(command, ...words)
    expect(refused.code, `${command} ${words.join(' ')}`).toBe(1)
    expect(`${refused.err}\n`).toContain(problem)
  }
  expect(readdirSync(other)).toEqual(['holiday.jpg'])
  writeFileSync(join(to, 'backup.json'), '{"format":2}\n')
  const tooNew = await run('restore', to, join(other, 'x'))
  expect(tooNew.err).toContain('is a backup of format 2')
  rmSync(join(to, 'backup.json'))
  const cutOff = await run('backup', to, '--storage-dir', from)
  expect(cutOff.err).toContain('cut off while it was unpacked or copied')
  expect(existsSync(join(to, 'bytes'))).toBe(true)
})

test('a wrong command line is refused', async () => {
  for (const [command, words, problem] of [
    ['backup', [], 'DIR is missing'],
    ['backup', ['-', '--keep', '3'], '--keep: not for an archive'],
    ['backup', ['-', '--verify'], '--verify: not for an archive'],
    ['backup', ['x', '--keep', '0'], '--keep 0: is not a whole'],
    ['backup', ['x', '--kep', '1'], 'did you mean --keep?'],
    ['restore', ['-', 'x', '--generation', 'y'], '--generation: an archive has one'],
    ['restore', ['x'], 'where to? layerdock restore x DIR, or --to-database URL'],
    ['restore', ['x', 'y', '--to', 'z'], 'y: not beside --to'],
    ['restore', ['x', 'y', '--resume'], '--resume: a folder knows'],
  ] as const) {
    expect(await run(command, ...words)).toMatchObject({
      code: 2,
      err: expect.stringContaining(problem),
    })
  }
})
