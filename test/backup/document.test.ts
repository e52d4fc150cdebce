import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { restoreFlags } from '../../adapters/cli/backup/restore-wish.ts'
import { backupFlags } from '../../adapters/cli/backup/wish.ts'
import { end, pull, pushImage, tagsOf } from '../cli/copied-images.ts'
import { useProgram } from '../cli/harness.ts'

const path = fileURLToPath(new URL('../../docs/backup.md', import.meta.url))
const text = readFileSync(path, 'utf8')
const blocks = [...text.matchAll(/^```sh(.*)\n([\s\S]*?)^```$/gm)]
const commands = blocks
  .filter(([, about]) => about === '')
  .map(([, , code]) => code ?? '')
  .filter((code) => !code.includes('layerdock serve'))

describe('docs/backup.md', () => {
  const cli = useProgram()
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-document-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('has commands that do what it says', async () => {
    const server = await cli.serve('--storage-dir', join(folder, 'layerdock-data'))
    await pushImage(server.url, 'v1', Buffer.alloc(100_000, 'v1'))
    // The program under its name.
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    const words = cli.command().map((word) => `'${word}'`)
    writeFileSync(join(bin, 'layerdock'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, {
      mode: 0o755,
    })
    const restore = 'layerdock restore ./backups ./restored\n'
    expect(text).toContain(restore)
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
    const ran = await new Promise<{ code: number; err: string }>((resolve) => {
      execFile(
        'sh',
        ['-ec', [...commands, restore].join('\n')],
        { cwd: folder, env },
        (error, _, err) => resolve({ code: error === null ? 0 : 1, err }),
      )
    })
    expect(ran).toMatchObject({ code: 0 })
    for (const name of ['restored', 'from-archive']) {
      const copy = await cli.serve('--storage-dir', join(folder, name))
      expect(await tagsOf(copy.url)).toEqual(['v1'])
      expect(await pull(copy.url, 'v1')).toBe(await pull(server.url, 'v1'))
      await end(copy)
    }
  })

  test('names only flags there are', () => {
    const known = [
      ...Object.keys(backupFlags),
      ...Object.keys(restoreFlags),
      // Of serve and of recover.
      'htpasswd',
      'trash-time',
      'read-only',
      'accept-copy',
      'storage-dir',
    ]
    const flags = [...text.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, flag]) => flag ?? '')
    expect(flags.length).toBeGreaterThan(10)
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([])
  })
})
