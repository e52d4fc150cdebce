import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copyCommand } from '../../adapters/cli/copy-command.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { useProgram } from './harness.ts'

test('a wrong command line says which store it is about', async () => {
  const database = 'postgres://user@db/registry'
  for (const [words, problem] of [
    [['--from', 'x', '--to-bucket', 's3://b'], 'where are the names? --to DIR, or --to-database'],
    [['--from', 'x', '--to-database', database], 'where are the bytes? --to-bucket URL, or --to'],
    [['--from', 'x', '--to', 'postgres://db/x'], '--to-database and --to-bucket take URLs'],
    [['--from', 'x', '--to-database', 'mysql://db'], '--to-database: is not a URL such as'],
    [['--from', 'x', '--to-bucket', 'b', '--to', 'y'], '--to-bucket: is not a URL such as s3://'],
    [
      ['--from-database', database, '--from-bucket', 's3://b', '--from', 'x', '--to', 'y'],
      '--from x: names are in the database and bytes in the bucket',
    ],
    [
      ['--from', 'x', '--to-database', database, '--to-database-file', 'f', '--to', 'y'],
      '--to-database and --to-database-file: only one of them',
    ],
    [['--from', 'x', '--to', 'y', '--database', database], 'did you mean --to-database?'],
  ] as const) {
    const refused = await copyCommand(words).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CliError)
    expect(refused).toMatchObject({ exitCode: 2, message: expect.stringContaining(problem) })
  }
  const secret = 'postgres://user:hunter2@db/registry'
  const refused = await copyCommand(['--from', 'x', '--to-database', secret, '--to', 'y']).catch(
    (error: unknown) => error,
  )
  expect(refused).toMatchObject({ exitCode: 2 })
  expect(String(refused)).toContain('--to-database-file')
  expect(String(refused)).not.toContain('hunter2')
})

withServices('copies to PostgreSQL and SeaweedFS', { postgres, seaweedfs }, (running) => {
  const cli = useProgram()
  let bucket: string | null = null

  /** The flags of an empty database and an empty prefix of a bucket, for `layerdock serve`. */
  async function place(): Promise<{ database: readonly string[]; bucket: readonly string[] }> {
    const { endpoint, region, accessKeyId, secretAccessKey } = running.seaweedfs
    bucket ??= await running.seaweedfs.bucket()
    const keys = join(cli.folder(), 'keys')
    writeFileSync(
      keys,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    )
    const prefix = running.seaweedfs.prefix()
    const url = `s3://${bucket}/${prefix}?endpoint=${endpoint}&region=${region}`
    return {
      database: ['--database', await running.postgres.database()],
      bucket: ['--bucket', url, '--bucket-credentials-file', keys],
    }
  }

  /** The same flags for one side of a copy. */
  const side = (name: 'from' | 'to', words: readonly string[]): string[] =>
    words.map((word) => word.replace(/^--/, `--${name}-`))

  test('a registry moves there while clients push, and back again', async () => {
    const old = join(cli.folder(), 'old')
    const { database, bucket } = await place()
    const there = [...database, ...bucket]
    const server = await cli.serve('--storage-dir', old)
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    await pushImage(server.url, 'moves', Buffer.from('before'))
    const way = ['copy', '--from', old, ...side('to', there)]
    const first = await cli.run(...way, '--running')
    expect([first.code, first.out]).toEqual([
      0,
      expect.stringContaining('copied 1 repository, 3 blobs, 2 manifests, 2 tags: 294 KiB'),
    ])
    await pushImage(server.url, 'v2', Buffer.alloc(200_000, 'two'))
    await pushImage(server.url, 'moves', Buffer.from('after'))
    await end(server)

    const readOnly = await cli.serve('--storage-dir', old, '--read-only')
    const second = await cli.run(...way, '--mirror', '--verify')
    expect([second.code, second.out]).toEqual([
      0,
      expect.stringContaining('copied 2 blobs, 2 manifests, 2 tags: 196 KiB'),
    ])
    const nodes = [await cli.serve(...there), await cli.serve(...there)]
    for (const { url } of nodes) {
      expect(await tagsOf(url)).toEqual(await tagsOf(readOnly.url))
      for (const tag of ['v1', 'v2', 'moves']) {
        expect(await pull(url, tag)).toBe(await pull(readOnly.url, tag))
      }
    }
    await pushImage(nodes[0]?.url ?? '', 'v3', Buffer.from('three'))
    expect(await tagsOf(nodes[1]?.url ?? '')).toEqual(['moves', 'v1', 'v2', 'v3'])

    const back = join(cli.folder(), 'back')
    const third = await cli.run('copy', ...side('from', there), '--to', back, '--verify', '--json')
    expect(JSON.parse(third.out)).toMatchObject({ complete: true, problemCount: 0 })
    const moved = await cli.serve('--storage-dir', back)
    expect(await pull(moved.url, 'v3')).toBe(await pull(nodes[1]?.url ?? '', 'v3'))
    for (const each of [first, second, third]) {
      expect(each.out + each.err).not.toContain(running.seaweedfs.secretAccessKey)
    }
  })

  test('names in a folder and bytes in a bucket, or the other way round', async () => {
    const from = join(cli.folder(), 'from')
    const server = await cli.serve('--storage-dir', from)
    await pushImage(server.url, 'v1', Buffer.alloc(100_000, 'one'))
    await end(server)
    const { database, bucket } = await place()
    const [names, bytes] = [join(cli.folder(), 'names'), join(cli.folder(), 'bytes')]
    for (const [folder, flags] of [
      [names, bucket],
      [bytes, database],
    ] as const) {
      const way = ['--to', folder, ...side('to', flags)]
      const copied = await cli.run('copy', '--from', from, ...way)
      expect([copied.code, copied.err]).toEqual([0, ''])
      const moved = await cli.serve('--storage-dir', folder, ...flags)
      expect(await tagsOf(moved.url)).toEqual(['v1'])
      await pull(moved.url, 'v1')
      await end(moved)
    }
    expect(readdirSync(names)).not.toContain('blobs')
  })

  test('names and bytes that do not belong together are refused', async () => {
    const from = join(cli.folder(), 'from')
    const server = await cli.serve('--storage-dir', from)
    await pushImage(server.url, 'v1', Buffer.from('one'))
    await end(server)
    const [one, two] = [await place(), await place()]
    const to = (...flags: readonly string[]) =>
      cli.run('copy', '--from', from, ...side('to', flags))
    expect((await to(...one.database, ...one.bucket)).code).toBe(0)
    const mixed = await to(...two.database, ...one.bucket)
    expect([mixed.code, mixed.err]).toEqual([1, expect.stringContaining('belong together')])
    const wrong = side('from', [...one.database, ...two.bucket])
    const unread = await cli.run('copy', ...wrong, '--to', join(cli.folder(), 'to'))
    expect([unread.code, unread.err]).toEqual([
      1,
      expect.stringContaining('does not have the bytes'),
    ])
    const itself = await cli.run(
      'copy',
      ...side('from', [...one.database, ...one.bucket]),
      ...side('to', [...one.database, ...one.bucket]),
    )
    expect(itself.code).toBe(2)
    expect(itself.err).toMatch(/the database .* is what is to be copied/)
  })

  test('a database or bucket that is not there is named, with the flag that is wrong', async () => {
    const from = join(cli.folder(), 'from')
    mkdirSync(from)
    await end(await cli.serve('--storage-dir', from))
    const { database, bucket } = await place()
    const absent = [...database, ...bucket].map((word) =>
      word.startsWith('postgres://') ? `${word}_absent` : word,
    )
    const { code, err } = await cli.run('copy', '--from', from, ...side('to', absent))
    expect([code, err]).toEqual([1, expect.stringContaining('has no such database')])
    const keyless = [...database, ...bucket.slice(0, 2), '--bucket-credentials-file', from]
    const refused = await cli.run('copy', '--from', from, ...side('to', keyless))
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining('--to-bucket-credentials-file'),
    ])
  })
})
