import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { useProgram } from './harness.ts'

withServices('a registry in PostgreSQL and SeaweedFS', { postgres, seaweedfs }, (running) => {
  const cli = useProgram()

  /** The flags of an empty database and an empty prefix of a bucket. */
  async function place(bucket: string): Promise<readonly string[]> {
    const { endpoint, region, accessKeyId, secretAccessKey } = running.seaweedfs
    const keys = join(cli.folder(), 'keys')
    writeFileSync(
      keys,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    )
    const url = `s3://${bucket}/${running.seaweedfs.prefix()}?endpoint=${endpoint}&region=${region}`
    const database = await running.postgres.database()
    return ['--database', database, '--bucket', url, '--bucket-credentials-file', keys]
  }

  test('is backed up while it is served, and restored to another and to a folder', async () => {
    const bucket = await running.seaweedfs.bucket()
    const from = await place(bucket)
    const server = await cli.serve(...from)
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    const backups = join(cli.folder(), 'backups')
    const first = await cli.run('backup', backups, ...from, '--json')
    expect([first.code, first.err]).toEqual([0, ''])
    expect(JSON.parse(first.out)).toMatchObject({ whole: true, digests: 3 })
    await pushImage(server.url, 'v2', Buffer.from('two'))
    const second = await cli.run('backup', backups, ...from, '--json')
    const { copiedBytes, kept } = JSON.parse(second.out)
    expect(kept).toBe(2)
    expect(copiedBytes).toBeLessThan(1_000)

    const to = (await place(bucket)).map((word) => word.replace(/^--/, '--to-'))
    const restored = await cli.run('restore', backups, ...to)
    expect([restored.code, restored.err]).toEqual([0, ''])
    const refused = await cli.run('restore', backups, ...to)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('has repositories') })
    expect((await cli.run('restore', backups, ...to, '--resume')).code).toBe(0)
    const folder = join(cli.folder(), 'restored')
    expect((await cli.run('restore', backups, folder)).code).toBe(0)

    const node = to.map((word) => word.replace(/^--to-/, '--'))
    for (const words of [node, ['--storage-dir', folder]]) {
      const copy = await cli.serve(...words)
      expect(await tagsOf(copy.url)).toEqual(['v1', 'v2'])
      for (const tag of ['v1', 'v2']) {
        expect(await pull(copy.url, tag)).toBe(await pull(server.url, tag))
      }
      await end(copy)
    }
  })

  test('is not served, collected or backed up while it is half restored', async () => {
    const bucket = await running.seaweedfs.bucket()
    const folder = join(cli.folder(), 'data')
    const server = await cli.serve('--storage-dir', folder)
    await pushImage(server.url, 'v1', Buffer.alloc(300_000, 'one'))
    const backups = join(cli.folder(), 'backups')
    expect((await cli.run('backup', backups, '--storage-dir', folder)).code).toBe(0)
    const blobs = join(backups, 'bytes/blobs/sha256')
    const layer = join(blobs, readdirSync(blobs)[0] ?? '')
    const whole = readFileSync(layer)
    const [database, ofBucket] = [await place(bucket), await place(bucket)]
    const names = ['--storage-dir', join(cli.folder(), 'names'), ...ofBucket.slice(2)]
    const restored = async (node: readonly string[]) => {
      const to = node.map((word) =>
        word.replace(/^--(storage-dir)?/, (_, dir) => (dir ? '--to' : '--to-')),
      )
      return await cli.run('restore', backups, ...to)
    }
    for (const node of [database, names]) {
      writeFileSync(layer, whole.subarray(1))
      expect(await restored(node)).toMatchObject({
        code: 1,
        err: expect.stringContaining('no server opens it before all of it is there'),
      })
      for (const command of [
        ['serve', '--listen', '127.0.0.1:0'],
        ['gc'],
        ['backup', join(cli.folder(), 'b')],
      ]) {
        const refused = await cli.run(...command, ...node)
        expect(refused, command.join(' ')).toMatchObject({
          code: 1,
          err: expect.stringContaining('is only half restored: run the same layerdock restore'),
        })
      }
      writeFileSync(layer, whole)
      expect(await restored(node)).toMatchObject({ code: 0, err: '' })
      const copy = await cli.serve(...node)
      expect(await pull(copy.url, 'v1')).toBe(await pull(server.url, 'v1'))
      await end(copy)
    }
    // A copy of the names alone, over the same bucket.
    const copied = join(cli.folder(), 'copied')
    cpSync(names[1] ?? '', copied, { recursive: true })
    const copy = await cli.serve('--storage-dir', copied, ...names.slice(2))
    expect(copy.out()).toContain('this folder is a copy')
    await end(copy)
    const again = await cli.serve('--storage-dir', copied, ...names.slice(2))
    expect(again.out()).not.toContain('this folder is a copy')
  })
})
