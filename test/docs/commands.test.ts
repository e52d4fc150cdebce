import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { clientOf } from '../promises/client.ts'
import { blocksOf, docs } from './pages.ts'

/** Pages whose commands are run, each line by itself, beside a server that has `team/app` and `ci/app`. */
const pagesThatRun = ['clean-up', 'verify', 'commands', 'upgrade'].map((name) => `docs/${name}.md`)

/** Lines that are not run, by words of theirs. */
const notRun: readonly (readonly [words: string, why: string])[] = [
  ['layerdock serve', 'would serve until it is stopped'],
  ['…', 'stands for any digest'],
  ['--from ', 'names a backup or a mirror of the reader’s own'],
]

/** What has to have happened before a line. */
const before: Readonly<Record<string, readonly (readonly [method: string, path: string])[]>> = {
  'layerdock undelete team/app:v1': [['DELETE', '/v2/team/app/manifests/v1']],
  'layerdock undelete team/app': [['DELETE', '/v2/_layerdock/repositories/team/app']],
}

const retention = JSON.stringify({
  rules: [{ repositories: 'ci/**', tags: '*', keep: { newest: 20 }, delete: { olderThan: '14d' } }],
})

const blocks = blocksOf(docs).filter(
  ({ page, language }) => language === 'sh' && pagesThatRun.includes(page),
)
const allLines = blocks.flatMap(({ code }) =>
  code
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').replace('/srv/registry', './layerdock-data'))
    .filter((line) => line.startsWith('layerdock '))
    .filter((line) => !notRun.some(([words]) => line.includes(words))),
)
const lines = [...new Set(allLines)]

describe('commands of the pages', () => {
  const cli = useProgram('bun')

  test('do what they say', async ({ expect: check }) => {
    check(lines.length).toBeGreaterThan(12)
    const folder = cli.folder()
    writeFileSync(join(folder, 'retention.json'), retention)
    const storage = join(folder, 'layerdock-data')
    const server = await cli.serve(
      '--storage-dir',
      storage,
      '--retention',
      join(folder, 'retention.json'),
    )
    const client = clientOf(server.url)
    for (const name of ['team/app', 'ci/app']) await client.pushImage(name, 'v1')
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    const program = cli.command().map((word) => `'${word}'`)
    writeFileSync(join(bin, 'layerdock'), `#!/bin/sh\nexec ${program.join(' ')} "$@"\n`, {
      mode: 0o755,
    })
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
    for (const line of lines) {
      for (const [method, path] of before[line] ?? []) await client.send(method, path)
      const ran = await new Promise<{ line: string; code: number; said: string }>((resolve) => {
        execFile('sh', ['-c', line], { cwd: folder, env }, (error, out, err) =>
          resolve({ line, code: error === null ? 0 : 1, said: `${out}${err}` }),
        )
      })
      expect(ran).toMatchObject({ line, code: 0 })
    }
  })
})
