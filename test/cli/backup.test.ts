import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testInCi } from '../on-runtimes.ts'
import { pull, pushImage, tagsOf } from './copied-images.ts'
import { describeEverywhere, useProgram } from './harness.ts'
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
  // A slow machine is told how far it is.
  expect(made.err.replaceAll(/^layerdock: .* so far\n/gm, '')).toBe('')
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
})

test('a backup that is killed or stopped is none, and the next one goes on', async () => {
  const setup = await setUp('large-1', 'large-2', 'large-3', 'large-4')
  const { from, to } = setup
  const slow = ['backup', to, '--storage-dir', from, '--rate', '200KB', '--concurrency', '1']
  const large = (): number => {
    try {
      return readdirSync(join(to, 'bytes/blobs/sha256')).length
    } catch {
      return 0
    }
  }
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    // One more than before: a run that is still starting knows no signals.
    const before = large()
    const run = cli.start(...slow)
    await expect.poll(large).toBeGreaterThan(before)
    run.child.kill(signal)
    const { code, err } = await run.ended
    if (signal === 'SIGINT') expect([code, err]).toEqual([1, expect.stringContaining('goes on')])
    expect((await cli.run('backup', to, '--list')).out).toContain('no backup was made to its end')
    const refused = await cli.run('restore', to, join(cli.folder(), 'x'))
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('to its end') })
  }
  const rest = await backup(setup)
  expect(rest).toMatchObject({ whole: true, kept: 1 })
  // A blob that was in place, but not noted when the kill came, is copied again.
  expect(rest.copiedBytes).toBeLessThanOrEqual(rest.bytes - 200_000)
  expect(await tagsOf((await restored(to)).url)).toHaveLength(4)
})

testInCi('an interrupted restore is not served, and goes on', async () => {
  const setup = await setUp('large-1', 'large-2', 'large-3')
  await backup(setup)
  const folder = join(cli.folder(), 'restored')
  const slow = cli.start('restore', setup.to, folder, '--rate', '200KB', '--concurrency', '1')
  const large = (): number => {
    try {
      return readdirSync(join(folder, '.restoring/store/blobs/sha256')).length
    } catch {
      return 0
    }
  }
  await expect.poll(large).toBeGreaterThanOrEqual(2)
  slow.child.kill('SIGKILL')
  await slow.ended
  const unserved = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
  expect(unserved).toMatchObject({ code: 1, err: expect.stringContaining('only half restored') })
  for (const command of ['gc', 'recover']) {
    const refused = await cli.run(command, '--storage-dir', folder)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('only half restored') })
  }
  const rest = await cli.run('restore', setup.to, folder, '--json')
  expect(rest.code).toBe(0)
  expect(JSON.parse(rest.out).bytes).toBeLessThan(500_000)
  expect(existsSync(join(folder, '.restoring'))).toBe(false)
  const copy = await cli.serve('--storage-dir', folder)
  expect(await tagsOf(copy.url)).toHaveLength(3)
})

testInCi('an archive that is not read to its end ends the command with a reason', async () => {
  const { from } = await setUp('large')
  for (const command of ['backup', 'export']) {
    const run = cli.start(command, '-', '--storage-dir', from)
    run.child.stdout?.destroy()
    const { code, err } = await run.ended
    const reason = 'the program that reads standard output has ended'
    expect([code, err]).toEqual([
      1,
      `layerdock: ${reason}. The archive is not whole; make it again\n`,
    ])
  }
})

describeEverywhere('an archive on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('goes from one command to the other', async ({ expect }) => {
    const [from, to] = [join(cli.folder(), 'data'), join(cli.folder(), 'restored')]
    const server = await cli.serve('--storage-dir', from)
    await pushImage(server.url, 'large', layerOf('large'))
    const program = cli
      .command()
      .map((word) => `'${word}'`)
      .join(' ')
    const line = `${program} backup - --storage-dir '${from}' | ${program} restore - '${to}'`
    const out = execFileSync('sh', ['-ec', line], { stdio: ['ignore', 'pipe', 'ignore'] })
    expect(String(out)).toContain('the same on both sides: 1 repository, 2 blobs')
    expect(readdirSync(to)).not.toContain('.restoring')
    const copy = await cli.serve('--storage-dir', to)
    expect(await pull(copy.url, 'large')).toBe(await pull(server.url, 'large'))
  })
})

test('an export that finds no room says that no archive was made', async () => {
  const { from, to } = await setUp('large')
  const archive = `${to}.tar`
  // Every write to it finds the disk full.
  symlinkSync('/dev/full', `${archive}.unfinished`)
  const full = await cli.run('export', archive, '--storage-dir', from)
  const err = 'layerdock: the target has no room left. Free some. No archive was made\n'
  expect(full).toEqual({ code: 1, out: '', err })
})
