import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { useProgram } from './harness.ts'
import type { RunningServer } from './program.ts'

const cli = useProgram()

interface Setup {
  readonly server: RunningServer
  readonly from: string
  /** Where backups go; not there yet. */
  readonly to: string
}

async function setUp(...tags: readonly string[]): Promise<Setup> {
  const folder = cli.folder()
  const [from, to] = [join(folder, 'data'), join(folder, 'backups')]
  const server = await cli.serve('--storage-dir', from)
  for (const tag of tags) await pushImage(server.url, tag, layerOf(tag))
  return { server, from, to }
}

/** Large for tags that say so, so that there are blobs in files and in segments. */
function layerOf(tag: string): Buffer {
  return Buffer.alloc(tag.startsWith('large') ? 200_000 : 1_000, `layer of ${tag} `)
}

async function backup({ from, to }: Setup, ...words: readonly string[]) {
  const made = await cli.run('backup', to, '--storage-dir', from, '--json', ...words)
  expect(made.err).toBe('')
  expect(made.code).toBe(0)
  return JSON.parse(made.out)
}

/** Bytes of files in a folder and those below it. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

async function restored(to: string, ...words: readonly string[]): Promise<RunningServer> {
  const folder = join(cli.folder(), 'restored')
  const run = await cli.run('restore', to, folder, ...words)
  expect([run.code, run.err]).toEqual([0, ''])
  return await cli.serve('--storage-dir', folder)
}

test('a served registry is backed up, again with only what is new, and restored from each generation', async () => {
  const setup = await setUp('small', 'large', 'moves')
  const { server, to } = setup
  const before = await pull(server.url, 'moves')
  const first = await backup(setup)
  expect(first).toMatchObject({ whole: true, repositories: 1, digests: 7, kept: 1, problems: [] })
  expect(first.copiedBytes).toBe(first.bytes)
  const size = sizeOf(join(to, 'bytes'))

  // Nothing is new.
  const second = await backup(setup)
  expect(second).toMatchObject({ whole: true, digests: 7, copiedBytes: 0, kept: 2 })
  expect(sizeOf(join(to, 'bytes'))).toBe(size)

  await pushImage(server.url, 'moves', layerOf('moved'))
  await pushImage(server.url, 'large-2', layerOf('large-2'))
  await fetch(`${server.url}/v2/a/manifests/small`, { method: 'DELETE' })
  const third = await backup(setup, '--verify')
  expect(third).toMatchObject({ whole: true, kept: 3, verified: { problems: 0 } })
  // Two layers, and two manifests of less than a kilobyte.
  expect(third.copiedBytes).toBeGreaterThan(201_000)
  expect(third.copiedBytes).toBeLessThan(203_000)
  expect(sizeOf(join(to, 'bytes')) - size).toBeLessThan(204_000)

  const listed = await cli.run('backup', to, '--list')
  expect(listed.out.trim().split('\n')).toHaveLength(3)
  const newest = await restored(to)
  expect(await tagsOf(newest.url)).toEqual(['large', 'large-2', 'moves'])
  for (const tag of ['large', 'large-2', 'moves']) {
    expect(await pull(newest.url, tag)).toBe(await pull(server.url, tag))
  }
  const oldest = await restored(to, '--generation', first.generation)
  expect(await tagsOf(oldest.url)).toEqual(['large', 'moves', 'small'])
  expect(await pull(oldest.url, 'moves')).toBe(before)
  // It goes on as any other.
  await pushImage(oldest.url, 'added', layerOf('added'))
}, 60_000)

test('a backup that is killed or stopped is none, and the next one goes on', async () => {
  const setup = await setUp('large-1', 'large-2', 'large-3', 'large-4')
  const { from, to } = setup
  const slow = ['backup', to, '--storage-dir', from, '--rate', '300KB', '--concurrency', '1']
  const large = (): number => {
    try {
      return readdirSync(join(to, 'bytes/blobs/sha256')).length
    } catch {
      return 0
    }
  }
  for (const [signal, count] of [
    ['SIGKILL', 1],
    ['SIGINT', 2],
  ] as const) {
    const run = cli.start(...slow)
    await expect.poll(large, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(count)
    run.child.kill(signal)
    const { code, err } = await run.ended
    if (signal === 'SIGINT') expect([code, err]).toEqual([1, expect.stringContaining('goes on')])
    expect((await cli.run('backup', to, '--list')).out).toContain('no backup was made to its end')
    const refused = await cli.run('restore', to, join(cli.folder(), 'x'))
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('to its end') })
  }
  const rest = await backup(setup)
  expect(rest).toMatchObject({ whole: true, kept: 1 })
  expect(rest.copiedBytes).toBeLessThan(rest.bytes - 200_000)
  expect(await tagsOf((await restored(to)).url)).toHaveLength(4)
}, 60_000)

test('as many generations stay as are wanted, and bytes that only the others had go', async () => {
  const setup = await setUp('stays', 'large-goes')
  const { server, to } = setup
  await backup(setup)
  await fetch(`${server.url}/v2/a/manifests/large-goes`, { method: 'DELETE' })
  const manifest = `${server.url}/v2/a/manifests`
  expect((await fetch(`${manifest}/large-goes`)).status).toBe(404)
  const [digest] = await blobsOf(setup)
  await fetch(`${server.url}/v2/a/blobs/${digest}`, { method: 'DELETE' })
  await backup(setup)
  const size = sizeOf(join(to, 'bytes'))
  const pruned = await backup(setup, '--keep', '1')
  expect(pruned).toMatchObject({ kept: 1, swept: { bytes: expect.any(Number) } })
  expect(pruned.dropped).toHaveLength(2)
  expect(sizeOf(join(to, 'bytes'))).toBeLessThan(size)
  expect(await tagsOf((await restored(to)).url)).toEqual(['stays'])
}, 60_000)

/** Digests of the large blobs of a registry. */
async function blobsOf({ from }: Setup): Promise<string[]> {
  const names = readdirSync(join(from, 'blobs/sha256'))
  return names.map((name) => `sha256:${name.slice(0, 64)}`)
}

test('an archive is a backup once it is unpacked whole', async () => {
  const setup = await setUp('small', 'large')
  const { server, from } = setup
  const archive = join(cli.folder(), 'backup.tar')
  const command = [...cli.command(), 'backup', '-', '--storage-dir', from]
  execFileSync('sh', ['-c', `${command.map((word) => `'${word}'`).join(' ')} > ${archive}`], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const unpacked = join(cli.folder(), 'unpacked')
  mkdirSync(unpacked)
  execFileSync('tar', ['-xf', archive, '-C', unpacked])
  const copy = await restored(unpacked)
  expect(await tagsOf(copy.url)).toEqual(['large', 'small'])
  for (const tag of ['large', 'small']) {
    expect(await pull(copy.url, tag)).toBe(await pull(server.url, tag))
  }
  // The next backup may go there too, and copies only what is new.
  await pushImage(server.url, 'new', layerOf('new'))
  const next = await backup({ ...setup, to: unpacked })
  expect(next.copiedBytes).toBeLessThan(2_000)
  expect(next.kept).toBe(2)

  const cut = join(cli.folder(), 'cut')
  mkdirSync(cut)
  const bytes = readFileSync(archive)
  writeFileSync(archive, bytes.subarray(0, bytes.length - 4096))
  try {
    execFileSync('tar', ['-xf', archive, '-C', cut], { stdio: 'ignore' })
  } catch {
    // It says that the archive ends too early.
  }
  const refused = await cli.run('restore', cut, join(cli.folder(), 'x'))
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('cut off') })
}, 60_000)

describe('what is damaged', () => {
  test('in the registry is named, and the backup has the rest', async () => {
    const setup = await setUp('small', 'large')
    const { from, to } = setup
    damageIn(join(from, 'blobs/sha256'))
    const made = await cli.run('backup', to, '--storage-dir', from)
    expect(made.code).toBe(1)
    expect(made.err).toContain('damaged blob a@sha256:')
    expect(made.out).toContain('not whole')
    expect((await cli.run('backup', to, '--list')).out).toContain('not whole: 1')
    const folder = join(cli.folder(), 'restored')
    const run = await cli.run('restore', to, folder)
    expect(run).toMatchObject({ code: 0, err: expect.stringContaining('was not whole') })
    const copy = await cli.serve('--storage-dir', folder)
    await pull(copy.url, 'small')
  }, 60_000)

  test('in the backup is not restored; --verify finds it, and the next backup puts it right', async () => {
    const setup = await setUp('small', 'large')
    const { to } = setup
    await backup(setup)
    damageIn(join(to, 'bytes/blobs/sha256'))
    const folder = join(cli.folder(), 'restored')
    const refused = await cli.run('restore', to, folder)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('damaged blob a@sha256:')
    expect(refused.err).toContain('nothing is put in place')
    const unserved = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
    expect(unserved).toMatchObject({ code: 1, err: expect.stringContaining('half restored') })

    const checked = await cli.run('backup', to, '--storage-dir', setup.from, '--verify')
    expect(checked).toMatchObject({ code: 1, err: expect.stringContaining('damaged blob') })
    const healed = await backup(setup, '--verify')
    expect(healed.copiedBytes).toBe(200_000)
    const done = await cli.run('restore', to, folder)
    expect(done.code).toBe(0)
    const copy = await cli.serve('--storage-dir', folder)
    expect(await tagsOf(copy.url)).toEqual(['large', 'small'])
    await pull(copy.url, 'large')
  }, 60_000)
})

function damageIn(folder: string): void {
  const [name = ''] = readdirSync(folder)
  const bytes = readFileSync(join(folder, name))
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000)
  writeFileSync(join(folder, name), bytes)
}

test('an interrupted restore is not served, and goes on', async () => {
  const setup = await setUp('large-1', 'large-2', 'large-3')
  await backup(setup)
  const folder = join(cli.folder(), 'restored')
  const slow = cli.start('restore', setup.to, folder, '--rate', '300KB', '--concurrency', '1')
  const large = (): number => {
    try {
      return readdirSync(join(folder, '.restoring/store/blobs/sha256')).length
    } catch {
      return 0
    }
  }
  await expect.poll(large, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(2)
  slow.child.kill('SIGKILL')
  await slow.ended
  const unserved = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
  expect(unserved).toMatchObject({ code: 1, err: expect.stringContaining('only half restored') })
  const rest = await cli.run('restore', setup.to, folder, '--json')
  expect(rest.code).toBe(0)
  expect(JSON.parse(rest.out).bytes).toBeLessThan(500_000)
  expect(existsSync(join(folder, '.restoring'))).toBe(false)
  const copy = await cli.serve('--storage-dir', folder)
  expect(await tagsOf(copy.url)).toHaveLength(3)
}, 60_000)

test('folders of other things are refused, and left as they are', async () => {
  const setup = await setUp('small')
  const { from, to, server } = setup
  await end(server)
  const other = cli.folder()
  writeFileSync(join(other, 'holiday.jpg'), 'x')
  for (const [words, problem] of [
    [['backup', other, '--storage-dir', from], 'holds "holiday.jpg" and no backup.json'],
    [['backup', from, '--storage-dir', from], 'is the folder of a registry, and no backup'],
    [['restore', from, join(other, 'x')], 'is the folder of a registry, and no backup'],
    [['restore', join(other, 'none'), join(other, 'x')], 'there is no backup'],
    [
      ['serve', '--listen', '127.0.0.1:0', '--storage-dir', to],
      'no store.json, so it is not a store',
    ],
    [['restore', to, from], 'choose a folder that is empty'],
    [['restore', to, other], 'holds "holiday.jpg"'],
    [['restore', to, join(other, 'x'), '--generation', 'y'], 'has no generation y'],
  ] as const) {
    if (!existsSync(to)) await backup(setup)
    const refused = await cli.run(...words)
    expect(refused, words.join(' ')).toMatchObject({
      code: 1,
      err: expect.stringContaining(problem),
    })
  }
  expect(readdirSync(other)).toEqual(['holiday.jpg'])
  writeFileSync(join(to, 'backup.json'), '{"format":2}\n')
  const tooNew = await cli.run('restore', to, join(other, 'x'))
  expect(tooNew.err).toContain('is a backup of format 2')
  rmSync(join(to, 'backup.json'))
  const cutOff = await cli.run('backup', to, '--storage-dir', from)
  expect(cutOff.err).toContain('cut off while it was unpacked or copied')
}, 60_000)
