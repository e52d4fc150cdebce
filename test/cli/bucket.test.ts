import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seaweedfs } from '../services/object-storage.ts'
import { freePorts } from '../services/process.ts'
import { withServices } from '../services/with-services.ts'
import { pushBlob, useProgram } from './harness.ts'
import { entries, printed } from './program.ts'

const cli = useProgram()

/** A file of keys for a bucket. */
function keysFile(accessKeyId: string, secretAccessKey: string): string {
  const path = join(cli.folder(), 'credentials')
  const lines = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`]
  writeFileSync(path, ['[default]', ...lines, ''].join('\n'))
  return path
}

withServices('names in a folder, bytes in a bucket', { storage: seaweedfs }, (running) => {
  /** The words for a server over a folder and a bucket. */
  function wordsFor(folder: string, bucket: string, keys?: string): readonly string[] {
    const { accessKeyId, secretAccessKey } = running.storage
    const file = keys ?? keysFile(accessKeyId, secretAccessKey)
    const url = `s3://${bucket}?endpoint=${encodeURIComponent(running.storage.endpoint)}`
    return ['--storage-dir', folder, '--bucket', url, '--bucket-credentials-file', file]
  }
  test('bytes outlive the server, and large ones are fetched from the bucket', async () => {
    const bucket = `${await running.storage.bucket()}/registry`
    const folder = cli.folder()
    const words = wordsFor(folder, bucket)
    const first = await cli.serve(...words)
    const bytes = randomBytes(300_000)
    const digest = await pushBlob(first.url, bytes)
    expect(entries(first.out())).toContainEqual(
      expect.objectContaining({
        msg: 'listening',
        bucket: expect.stringContaining(`s3://${bucket} at`),
      }),
    )
    first.child.kill('SIGTERM')
    const { code, out } = await first.ended
    expect(code).toBe(0)
    expect(out).not.toContain(running.storage.secretAccessKey)

    const { url } = await cli.serve(...words, '--redirect', '200KiB')
    const small = await pushBlob(url, randomBytes(1000))
    const blob = (which: string): string => `${url}/v2/a/blobs/${which}`
    expect((await fetch(blob(small), { redirect: 'manual' })).status).toBe(200)
    const answer = await fetch(blob(digest), { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      307,
      expect.stringMatching(new RegExp(`^${running.storage.endpoint}/${bucket}/`)),
    ])
    expect(Buffer.from(await (await fetch(blob(digest))).arrayBuffer())).toEqual(bytes)
  })

  test('the bytes of another registry are refused', async () => {
    const bucket = `${await running.storage.bucket()}/registry`
    await cli.serve(...wordsFor(cli.folder(), bucket))
    const words = wordsFor(cli.folder(), bucket)
    const { code, err } = await cli.run('serve', '--listen', '127.0.0.1:0', ...words)
    expect([code, err]).toEqual([1, expect.stringContaining('has the bytes of another registry')])
  })

  test('a bucket that refuses ends the start at once, and says what to do', async () => {
    const bucket = await running.storage.bucket()
    const { accessKeyId } = running.storage
    const start = (words: readonly string[]): ReturnType<typeof cli.run> =>
      cli.run('serve', '--listen', '127.0.0.1:0', ...words)
    const wrong = await start(
      wordsFor(cli.folder(), bucket, keysFile(accessKeyId, 'not-the-secret')),
    )
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringContaining('refuses the secret key. Correct AWS_SECRET_ACCESS_KEY'),
    ])
    expect(wrong.err + wrong.out).not.toContain('not-the-secret')
    const none = await start(wordsFor(cli.folder(), 'not-there'))
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('is not there. Create it')])
    const file = join(cli.folder(), 'nowhere')
    const noFile = await start(wordsFor(cli.folder(), bucket, file))
    expect([noFile.code, noFile.err]).toEqual([78, expect.stringContaining(file)])
    const odd = await start(wordsFor(cli.folder(), 'b'))
    expect([odd.code, odd.err]).toEqual([78, expect.stringContaining('--bucket: "b" is not')])
  })
})

test('a bucket that does not answer is waited for, and a signal ends that', async () => {
  const [port] = await freePorts(1)
  const keys = keysFile('key', 'secret')
  const bucket = ['--bucket', `s3://bytes?endpoint=http://127.0.0.1:${port}`]
  const words = ['--storage-dir', cli.folder(), ...bucket, '--bucket-credentials-file', keys]
  const listen = ['serve', '--listen', '127.0.0.1:0', '--log-format', 'json']
  const waiting = cli.start(...listen, ...words, '--store-wait', '1m')
  await printed(waiting, 'waiting for the bucket')
  waiting.child.kill('SIGTERM')
  expect((await waiting.ended).code).toBe(0)
  const { code, err } = await cli.run(...listen, ...words, '--store-wait', '100ms')
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/bucket s3:\/\/bytes at 127.* nothing listens there\. Waited 0\.1 s/),
  ])
})
