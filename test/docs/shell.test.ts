import { describe, expect, test } from 'vitest'
import { everySetting, recoverFlags } from '../../adapters/cli/command-line.ts'
import { healthFlags } from '../../adapters/cli/health-command.ts'
import { readSettings } from '../../adapters/cli/read-settings.ts'
import { parseWords } from '../../adapters/cli/words.ts'
import { textOf } from '../architecture/source-files.ts'
import { commandShapes } from './command-shapes.ts'
import { blocksOf, pages } from './pages.ts'
import { bash, type Called, calledBy } from './shell-lines.ts'

const blocks = blocksOf(pages).filter(({ language }) => language === 'sh')

/** Reads a command line as the program does. @throws CliError for a wrong one. */
async function read({ words, environment }: Called): Promise<void> {
  const [command = '', ...rest] = words
  if (['--help', '--version'].includes(command)) return
  if (command === 'serve') await readSettings({ words: rest, flags: everySetting, environment })
  else if (command === 'recover')
    await readSettings({ words: rest, flags: recoverFlags, environment })
  else if (command === 'health')
    await readSettings({ words: rest, flags: healthFlags, environment })
  else {
    const shapes = await commandShapes()
    const pair = `${command} ${rest[0]}`
    const shape = shapes.get(pair) ?? shapes.get(command)
    if (shape === undefined) throw new Error(`layerdock ${words.join(' ')}: no such command`)
    await parseWords(rest.slice(shapes.has(pair) ? 1 : 0), shape)
  }
}

describe.skipIf(bash === null)('commands in blocks of shell', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }

  test('are found', () => expect(blocks.length).toBeGreaterThan(20))

  test.each(blocks)('$page, line $line', async ({ code }) => {
    const called = calledBy(code)
    // A line of ours that the shell did not reach would not be looked at.
    const lines =
      code.match(/(?:^|[|;&] *|npx |host |do\n {2})layerdock |(?:^|&& )npm start/gm) ?? []
    expect(called.calls).toHaveLength(lines.length)
    for (const call of called.calls) await read(call)
    expect(called.scripts.filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('commands in the text', () => {
  test.each(pages)('$path', async ({ text }) => {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
    const lines = [...prose.matchAll(/`(?:npx )?layerdock ([a-z][^`]*)`/g)].map(
      ([, line = '']) => line,
    )
    const problems: string[] = []
    for (const line of lines) {
      const words = line.split(/\s+/).filter((word) => word !== '…')
      await read({ words, environment: {} }).catch((error: Error) => {
        // A name of a command alone stands for all that can follow it.
        if (!/is missing|no such command/.test(error.message))
          problems.push(`${line}: ${error.message}`)
        else if (error.message.includes('no such command') && !groups.has(words[0] ?? ''))
          problems.push(error.message)
      })
    }
    expect(problems).toEqual([])
  })
})

/** Commands that are followed by another word. */
const groups: ReadonlySet<string> = new Set([
  'user',
  'token',
  'policy',
  'retention',
  'trash',
  'webhook',
])

test('no page has blocks that are indented: they would not be looked at', () => {
  const indented = pages.flatMap(({ path, text }) =>
    text
      .replace(/^```[\s\S]*?^```$/gm, '')
      .split('\n')
      .filter((line, index, all) => /^ {4}\S/.test(line) && (all[index - 1] ?? '') === '')
      .map((line) => `${path}: ${line}`),
  )
  expect(indented).toEqual([])
})
