import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { type Block, blocksOf, pages } from './pages.ts'

const blocks = blocksOf(pages).filter(({ language }) => language === 'console')

/** Blocks that are not run here: where they are, or why not. */
const elsewhere: readonly (readonly [words: string, why: string])[] = [
  ['layerdock policy explain alice push', 'test/access/policy-page.test.ts'],
  ['layerdock retention explain team/app', 'needs tags that are two weeks old'],
]

/** Files that a block is about. */
const files: Readonly<Record<string, string>> = {
  'policy.json': JSON.stringify({
    rules: [
      { who: '*', repositories: '**', allow: 'pull' },
      { who: 'user:a', repositories: '**', allow: 'pull' },
      { who: 'user:ci', repositories: '**', allow: ['puhs'] },
    ],
  }),
}

describe('what commands print', () => {
  const cli = useProgram()

  test.each(blocks.filter(({ code }) => !elsewhere.some(([words]) => code.includes(words))))(
    '$page, line $line',
    async ({ code }: Block) => {
      const folder = cli.folder()
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
      const [, line = '', expected = ''] = /^\$ layerdock (.*)\n([\s\S]*)$/.exec(code) ?? []
      const words = line.split(' ').map((word) => (word in files ? join(folder, word) : word))
      const { out, err } = await cli.run(...words)
      expect(`${out}${err}`.replaceAll(`${folder}/`, '')).toContain(expected)
    },
  )
})
