import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { copyCommand } from '../../adapters/cli/copy-command.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { testInCi } from '../on-runtimes.ts'
import { sampleOf } from '../sample.ts'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { digestOf, useProgram } from './harness.ts'

const cli = useProgram()
/** The folder of a store with one image, and no server. */
async function filled(...tags: readonly string[]): Promise<string> {
  const folder = join(cli.folder(), 'data')
  const server = await cli.serve('--storage-dir', folder)
  for (const tag of tags) await pushImage(server.url, tag, Buffer.from(`layer of ${tag}`))
  await end(server)
  return folder
}

test('a registry moves while clients push, with a short time in which it is read-only', async () => {
  const [old, fresh] = [join(cli.folder(), 'old'), join(cli.folder(), 'new')]
  const server = await cli.serve('--storage-dir', old)
  await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
  await pushImage(server.url, 'moves', Buffer.from('before'))
  await pushImage(server.url, 'goes', Buffer.from('before'))
  const way = ['copy', '--from', old, '--to', fresh]

  const refused = await cli.run(...way)
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--running') })
  const first = await cli.run(...way, '--running')
  expect(first.code).toBe(0)
  expect(first.out).toContain('copied 1 repository, 3 blobs, 2 manifests, 3 tags: 294 KiB')
  expect(first.err).toContain('copy again with --mirror')

  // Clients go on, and then only pull.
  await pushImage(server.url, 'v2', Buffer.alloc(200_000, 'two'))
  await pushImage(server.url, 'moves', Buffer.from('after'))
  await fetch(`${server.url}/v2/a/manifests/goes`, { method: 'DELETE' })
  await end(server)
  const readOnly = await cli.serve('--storage-dir', old, '--read-only')

  const conflict = await cli.run(...way)
  expect(conflict).toMatchObject({ code: 1, out: '' })
  expect(conflict.err).toContain('such as a:moves; nothing was copied. --mirror')
  const plan = await cli.run(...way, '--mirror', '--dry-run')
  expect(plan).toMatchObject({ code: 0, err: '' })
  expect(plan.out).toContain('would copy 2 blobs, 2 manifests, 1 tag: 196 KiB')
  expect(plan.out).toContain('would change 1 tag')
  expect(plan.out).toContain('would remove 1 tag')
  const second = await cli.run(...way, '--mirror', '--verify', '--json')
  expect(JSON.parse(second.out)).toMatchObject({
    from: old,
    to: fresh,
    complete: true,
    copied: { repository: 0, blob: 2, manifest: 2, tag: 2 },
    removed: { tag: 1 },
    comparison: { tag: { same: 3, missing: 0, other: 0, extra: 0 } },
    verified: { problems: 0 },
    problemCount: 0,
    problems: [],
  })
  expect(second.code).toBe(0)

  const moved = await cli.serve('--storage-dir', fresh)
  expect(await tagsOf(moved.url)).toEqual(await tagsOf(readOnly.url))
  for (const tag of ['v1', 'v2', 'moves']) {
    expect(await pull(moved.url, tag)).toBe(await pull(readOnly.url, tag))
  }
  await pushImage(moved.url, 'v3', Buffer.from('three'))
})

testInCi('a copy that is stopped or killed goes on', async () => {
  const from = join(cli.folder(), 'from')
  const server = await cli.serve('--storage-dir', from)
  for (const tag of ['a', 'b', 'c', 'd'])
    await pushImage(server.url, tag, Buffer.alloc(400_000, tag))
  await end(server)
  const to = join(cli.folder(), 'to')
  const way = ['copy', '--from', from, '--to', to, '--concurrency', '1']
  const large = (): number => {
    try {
      return readdirSync(join(to, 'blobs/sha256')).length
    } catch {
      return 0
    }
  }
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    // One more than before: a run that is still starting knows no signals.
    const before = large()
    const slow = cli.start(...way, '--rate', '300KB')
    await expect.poll(large).toBeGreaterThan(before)
    slow.child.kill(signal)
    const { code, err } = await slow.ended
    if (signal === 'SIGKILL') continue
    expect([code, err]).toEqual([1, expect.stringContaining('the same command goes on from there')])
  }
  const rest = await cli.run(...way, '--json')
  const { complete, bytes } = JSON.parse(rest.out)
  expect([rest.code, complete]).toEqual([0, true])
  expect(bytes).toBeLessThan(1_300_000)
})

test('damaged bytes are named, and are not in the copy', async () => {
  const from = await filled('good')
  const server = await cli.serve('--storage-dir', from)
  await pushImage(server.url, 'bad', Buffer.alloc(100_000, 'x'))
  await end(server)
  const folder = join(from, 'blobs/sha256')
  const [name = ''] = readdirSync(folder)
  const bytes = readFileSync(join(folder, name))
  bytes.writeUInt8(1, 50_000)
  writeFileSync(join(folder, name), bytes)
  const to = join(cli.folder(), 'to')
  const copied = await cli.run('copy', '--from', from, '--to', to)
  expect(copied.code).toBe(1)
  expect(copied.err).toContain(`damaged blob a@sha256:${name.slice(0, 64)}: 100000 bytes were read`)
  expect(copied.out).toContain('missing in the target: 1 blob')
  expect(copied.out).toContain('not complete')
  const moved = await cli.serve('--storage-dir', to)
  expect(await tagsOf(moved.url)).toEqual(['bad', 'good'])
  await pull(moved.url, 'good')
  const answer = await fetch(`${moved.url}/v2/a/blobs/sha256:${name.slice(0, 64)}`)
  expect(answer.status).toBe(404)
})

describe('what cannot be copied is refused, and nothing is made', () => {
  test('a wrong command line', async () => {
    for (const [words, problem] of [
      [[], 'what is to be copied? --from DIR, or --from-database URL'],
      [['--from', 'x'], 'where to? --to DIR'],
      [['--from', 'x', '--to', 'y/../x'], '--to y/../x: is what is to be copied'],
      [['--from', 'x', '--to', 'postgres+s3'], '--to postgres+s3: is not a folder'],
      [['--from', 'x', '--to', 'y', '--miror'], 'did you mean --mirror?'],
      [['--from', 'x', '--to', 'y', '--rate', 'fast'], '--rate fast: is not a size'],
      [['--from', 'x', '--to', 'y', '--concurrency', '0'], '--concurrency 0: is not a whole'],
      [['x', 'y'], 'x: not expected here'],
    ] as const) {
      const refused = await copyCommand(words).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(CliError)
      expect(refused).toMatchObject({ exitCode: 2, message: expect.stringContaining(problem) })
    }
  })

  test('what is not a store, or in use', async () => {
    const from = await filled('one')
    const to = join(cli.folder(), 'to')
    const other = cli.folder()
    writeFileSync(join(other, 'notes.txt'), 'notes')
    for (const [words, problem] of [
      [['--from', other, '--to', to], `${other}: is not a store`],
      [['--from', join(other, 'absent'), '--to', to], 'is not a store'],
      [['--from', other, '--to', to, '--running'], 'is not a store'],
      [['--from', from, '--to', other], `${other}: holds "notes.txt" and no store.json`],
      [['--from', from, '--to', join(other, 'notes.txt')], 'notes.txt'],
    ] as const) {
      const { code, err, out } = await cli.run('copy', ...words)
      expect([code, out, err]).toEqual([1, '', expect.stringContaining(problem)])
    }
    expect(readdirSync(other)).toEqual(['notes.txt'])
    const server = await cli.serve('--storage-dir', to)
    const busy = await cli.run('copy', '--from', from, '--to', to)
    expect(busy).toMatchObject({ code: 1, err: expect.stringContaining('Stop it first\n') })
    await end(server)
  })

  testInCi('a mirror over another registry', async () => {
    const from = await filled('one')
    const to = join(cli.folder(), 'to')
    const server = await cli.serve('--storage-dir', to)
    const upload = await fetch(
      `${server.url}/v2/b/blobs/uploads/?digest=${digestOf(Buffer.from('b'))}`,
      {
        method: 'POST',
        body: 'b',
      },
    )
    expect(upload.status).toBe(201)
    await end(server)
    const refused = await cli.run('copy', '--from', from, '--to', to, '--mirror')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('would remove all') })
    // Without a mirror they come together.
    expect(await cli.run('copy', '--from', from, '--to', to)).toMatchObject({
      code: 0,
      out: expect.stringContaining('in the target alone: 1 repository, 1 blob'),
    })
  })
})

test('help fits a terminal', async () => {
  const { code, out } = await cli.run('copy', '--help')
  expect(code).toBe(0)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(104)
})

const others = sampleOf('suites on other runtimes', ['deno', 'bun'] as const, 2)
describe.each(others)('on %s', (runtime) => {
  const program = useProgram(runtime)

  test('a registry is copied', async () => {
    const from = await filled('one', 'two')
    const to = join(program.folder(), 'to')
    const plan = await program.run('copy', '--from', from, '--to', to, '--dry-run', '--json')
    expect(JSON.parse(plan.out)).toMatchObject({ dryRun: true, plan: { blob: { missing: 3 } } })
    // Nothing was made.
    expect(readdirSync(join(to, '..'))).toEqual([])
    const copied = await program.run('copy', '--from', from, '--to', to, '--verify')
    expect([copied.code, copied.out]).toEqual([0, expect.stringContaining('copied 1 repository')])
    const moved = await program.serve('--storage-dir', to)
    expect(await tagsOf(moved.url)).toEqual(['one', 'two'])
    await pull(moved.url, 'two')
  })
})
