import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { testInCi } from '../on-runtimes.ts'
import { describeEverywhere, digestOf, pushBlob, useProgram } from './harness.ts'
import { entries } from './program.ts'

/** Larger than what shares a file with others. */
const large = sampleBytes(200_000, 1)
const small = sampleBytes(900, 2)

/** Flips a bit in the only large blob of a folder. */
function damage(folder: string): void {
  const blobs = join(folder, 'blobs/sha256')
  const [name = ''] = readdirSync(blobs)
  const bytes = readFileSync(join(blobs, name))
  bytes[100_000] = (bytes[100_000] ?? 0) ^ 1
  writeFileSync(join(blobs, name), bytes)
}

async function statusOf(url: string, digest: string): Promise<number> {
  return (await fetch(`${url}/v2/a/blobs/${digest}`, { method: 'HEAD' })).status
}

describeEverywhere('layerdock verify on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('has a server find what rotted, which a push heals', async ({ expect }) => {
    const folder = cli.folder()
    const server = await cli.serve('--storage-dir', folder)
    const digest = await pushBlob(server.url, large)
    await pushBlob(server.url, small)
    const whole = await cli.run('verify', '--storage-dir', folder)
    expect(whole).toMatchObject({ code: 0, err: '' })
    expect(whole.out).toMatch(/^verified 2 digests, .*: all are what they should be\n$/)

    damage(folder)
    const looked = await cli.run('verify', '--storage-dir', folder, '--look-only')
    expect(looked).toMatchObject({ code: 1 })
    expect(await statusOf(server.url, digest)).toBe(200)
    const found = await cli.run('verify', '--storage-dir', folder, '--json')
    expect(found.code).toBe(1)
    const result = JSON.parse(found.out)
    expect(result).toMatchObject({ digests: 2, problems: 1, repaired: 0, sound: false })
    expect(result.found).toMatchObject([
      { kind: 'damaged', what: 'blob', digest, repositories: ['a'], marked: true },
    ])
    expect(readdirSync(join(folder, 'quarantine'))).toHaveLength(1)
    expect(await statusOf(server.url, digest)).toBe(404)
    const known = await cli.run('verify', '--storage-dir', folder)
    expect(known.out).toContain(`missing blob ${digest}`)

    expect(await pushBlob(server.url, large)).toBe(digest)
    expect(await statusOf(server.url, digest)).toBe(200)
    expect(await cli.run('verify', '--storage-dir', folder)).toMatchObject({ code: 0, err: '' })
    server.child.kill('SIGTERM')
    const { out } = await server.ended
    const warned = entries(out).filter(({ msg }) => String(msg).startsWith('damaged blob'))
    expect(warned).toMatchObject([
      { digest, marked: false },
      { digest, marked: true },
    ])
  })

  test('repairs a folder from a copy of it', async ({ expect }) => {
    const { folder, digest, copy } = await folderAndCopy(cli)
    damage(folder)
    const repaired = await cli.run(
      ...['verify', '--storage-dir', folder, '--repair', '--from', copy],
    )
    expect(repaired).toMatchObject({ code: 0, err: '' })
    expect(repaired.out).toContain(`damaged blob a@${digest}`)
    expect(repaired.out).toContain(`repaired from ${copy}`)
    expect(await cli.run('verify', '--storage-dir', folder)).toMatchObject({ code: 0 })
    const again = await cli.serve('--storage-dir', folder)
    const bytes = new Uint8Array(
      await (await fetch(`${again.url}/v2/a/blobs/${digest}`)).arrayBuffer(),
    )
    expect(digestOf(bytes)).toBe(digest)
  })
})

const cli = useProgram()

/** A folder with a large blob, whose server has ended, and a copy of it. @param cli the program on one runtime */
async function folderAndCopy(cli: ReturnType<typeof useProgram>): Promise<{
  readonly folder: string
  readonly digest: string
  readonly copy: string
}> {
  const folder = cli.folder()
  const server = await cli.serve('--storage-dir', folder)
  const digest = await pushBlob(server.url, large)
  server.child.kill('SIGTERM')
  await server.ended
  const copy = join(cli.folder(), 'copy')
  await cp(folder, copy, { recursive: true })
  return { folder, digest, copy }
}

testInCi(
  'a registry over HTTP has whole bytes, also where it is not known who had them',
  async () => {
    const { folder, digest, copy } = await folderAndCopy(cli)
    const mirror = await cli.serve('--storage-dir', copy)
    const url = mirror.url
    damage(folder)
    const repair = ['verify', '--storage-dir', folder, '--repair', '--from', url, '--json']
    const first = JSON.parse((await cli.run(...repair)).out)
    expect(first).toMatchObject({ problems: 1, repaired: 1, sound: true })
    expect(first.found).toMatchObject([{ digest, repairedFrom: url }])
    damage(folder)
    expect(await cli.run('verify', '--storage-dir', folder)).toMatchObject({ code: 1 })
    const known = JSON.parse((await cli.run(...repair)).out)
    expect(known.found).toMatchObject([{ digest, known: true, repairedFrom: url }])
  },
)

test('a wrong command line is refused with every problem', async () => {
  const line = ['verify', '--from', '/nowhere', '--rate', 'fast', '--concurrency', '0']
  const { code, err } = await cli.run(...line)
  expect(code).toBe(2)
  expect(err).toContain('--from is for --repair')
  expect(err).toContain('--rate fast: is not a size')
  expect(err).toContain('--concurrency 0: is not a whole number')
  expect((await cli.run('verify', '--repair', '--look-only')).err).toContain('only one of them')
  expect((await cli.run('verify', '--help')).out).toContain('layerdock verify --repair --from')
})

testInCi('a run that is stopped goes on where it was, unless it is to begin again', async () => {
  const folder = cli.folder()
  const server = await cli.serve('--storage-dir', folder)
  for (let number = 0; number < 40; number += 1) {
    await pushBlob(server.url, sampleBytes(70_000, number + 10))
  }
  server.child.kill('SIGTERM')
  await server.ended
  // So slow that it is under way when it is stopped.
  const slow = cli.start(
    'verify',
    '--storage-dir',
    folder,
    '--rate',
    '200KiB',
    '--concurrency',
    '1',
  )
  const note = join(folder, 'verify-command.json')
  const state = () => JSON.parse(readFileSync(note, 'utf8')).state.progress.digests as number
  await expect
    .poll(
      () => {
        try {
          return state()
        } catch {
          return 0
        }
      },
      { interval: 100 },
    )
    .toBeGreaterThan(0)
  slow.child.kill('SIGTERM')
  expect(await slow.ended).toMatchObject({ code: 1 })
  const done = state()
  const rest = JSON.parse((await cli.run('verify', '--storage-dir', folder, '--json')).out)
  expect(rest).toMatchObject({ resumed: true, digests: 40, sound: true })
  expect(done).toBeLessThan(40)
  const anew = JSON.parse((await cli.run('verify', '--storage-dir', folder, '--json')).out)
  expect(anew).toMatchObject({ resumed: false, digests: 40 })
})

test('damaged files of names are found while the server has the names, and written again', async () => {
  const folder = cli.folder()
  const place = ['--storage-dir', folder]
  const server = await cli.serve(...place)
  const digest = await pushBlob(server.url, large)
  const journal = join(folder, 'journal.0')
  const bytes = readFileSync(journal)
  bytes[20] = (bytes[20] ?? 0) ^ 1
  writeFileSync(journal, bytes)
  const found = await cli.run('verify', ...place)
  expect(found.code).toBe(1)
  expect(found.out).toContain('damaged file journal.0: ')
  expect(found.out).toContain('--repair writes them again while the server has the names')
  const repaired = await cli.run('verify', ...place, '--repair')
  expect(repaired).toMatchObject({ code: 0, out: expect.stringContaining('written again from') })
  server.child.kill('SIGKILL')
  await server.ended
  const again = await cli.serve(...place)
  expect(await statusOf(again.url, digest)).toBe(200)
})
