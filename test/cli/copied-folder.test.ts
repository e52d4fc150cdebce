import { exec, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { end, pull, pushImage, tagsOf } from './copied-images.ts'
import { useProgram } from './harness.ts'

const cli = useProgram()

/** Ways to copy a folder that a server writes. */
const tools: ReadonlyArray<readonly [name: string, copy: (from: string, to: string) => string]> = [
  ['cp', (from, to) => `cp -r ${from}/. ${to}`],
  ['tar', (from, to) => `tar -C ${from} --warning=no-file-changed -cf - . | tar -C ${to} -xf -`],
  ['rsync', (from, to) => `rsync -a ${from}/ ${to}`],
]

function isInstalled(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`])
    return true
  } catch {
    return false
  }
}

test('a copy of a folder at work, by any tool, has all that was pushed before it, or is refused with words', async () => {
  const from = join(cli.folder(), 'from')
  const server = await cli.serve('--storage-dir', from)
  const pushed: string[] = []
  let isOver = false
  const pushing = (async (): Promise<void> => {
    for (let count = 0; !isOver; count += 1) {
      const size = count % 3 === 0 ? 100_000 : 1_000
      await pushImage(server.url, `tag-${count}`, Buffer.alloc(size, `${count}`))
      pushed.push(`tag-${count}`)
    }
  })()
  const outcomes: string[] = []
  for (const [name, command] of tools) {
    if (!isInstalled(name)) continue
    await expect.poll(() => pushed.length).toBeGreaterThan(5)
    const before = [...pushed]
    const to = join(cli.folder(), name)
    mkdirSync(to)
    // Some end with a failure, since files change or go.
    await new Promise<void>((resolve) => exec(command(from, to), () => resolve()))
    const refused = await cli.run('recover', '--storage-dir', to)
    if (refused.code === 1) {
      expect(refused.out).toContain(
        'the folder is a copy that was cut off, or made while its server wrote it',
      )
      outcomes.push('refused')
      continue
    }
    expect(refused.code).toBe(0)
    const copy = await cli.serve('--storage-dir', to)
    expect(await tagsOf(copy.url)).toEqual(expect.arrayContaining(before))
    for (const tag of before) await pull(copy.url, tag)
    await end(copy)
    outcomes.push('whole')
  }
  isOver = true
  await pushing
  await end(server)
  expect(outcomes.length).toBeGreaterThanOrEqual(2)
})

test('a copy that lacks something is not served, and recover says how to open it all the same', async () => {
  const from = join(cli.folder(), 'from')
  const server = await cli.serve('--storage-dir', from)
  await pushImage(server.url, 'small', Buffer.from('small'))
  await pushImage(server.url, 'large', Buffer.alloc(100_000, 'large'))
  const to = join(cli.folder(), 'to')
  execFileSync('cp', ['-r', from, to])
  await end(server)
  const folder = join(to, 'blobs/sha256')
  rmSync(join(folder, readdirSync(folder)[0] ?? ''))

  const refused = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', to)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('lacks the bytes of a blob or manifest')
  expect(refused.err).toContain('Copy it again once that server is stopped, or restore a backup')
  const looked = await cli.run('recover', '--storage-dir', to)
  expect(looked).toMatchObject({ code: 1, out: expect.stringContaining('--accept-copy') })
  const accepted = await cli.run('recover', '--storage-dir', to, '--accept-copy')
  expect(accepted).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 blob or manifest has no bytes'),
  })

  const opened = await cli.serve('--storage-dir', to)
  expect(await tagsOf(opened.url)).toEqual(['large', 'small'])
  await pull(opened.url, 'small')
  const [layer] = JSON.parse(
    await (await fetch(`${opened.url}/v2/a/manifests/large`)).text(),
  ).layers
  const head = await fetch(`${opened.url}/v2/a/blobs/${layer.digest}`, { method: 'HEAD' })
  expect(head.status).toBe(404)
  await pushImage(opened.url, 'large', Buffer.alloc(100_000, 'large'))
  await pull(opened.url, 'large')
})
