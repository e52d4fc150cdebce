import { describe, expect, test } from 'vitest'
import { operations } from '../../adapters/cli/admin/operations.ts'
import { flagOf, settingNames, settings, variableOf } from '../../adapters/cli/settings.ts'
import { errorRows } from '../../src/index.ts'
import { textOf } from '../architecture/source-files.ts'
import { commandShapes } from './command-shapes.ts'
import { docs, type Page, pages } from './pages.ts'

/** Flags that stand alone in code and are those of other programs. */
const othersFlags: readonly string[] = [
  // npm run prove, npm run month, npm run executable and the benches.
  'break',
  'length',
  'lose',
  'out',
  'runtime',
  'seed',
  'help',
  // Node.
  'experimental-async-context-frame',
  // Clients.
  'ca-file',
  'insecure',
  'plain-http',
  'retry-times',
  'tls-verify',
  'user',
]

/** Variables that are no settings. */
const otherVariables: readonly string[] = [
  'LAYERDOCK_CONFIG',
  'LAYERDOCK_CONFORMANCE',
  'LAYERDOCK_CONFORMANCE_V1_1',
  // Of an example in docs/backup.md.
  'LAYERDOCK_BACKUPS',
]

/** Words of another age or another language, each with what to say. */
const quaint: ReadonlyArray<readonly [RegExp, string]> = [
  [/\banew\b/g, 'again'],
  [/\bbelongs? into\b/g, 'belongs in'],
  [/\bfor want of\b/g, 'for lack of'],
  [/\bsays not\b/g, 'does not say'],
  [/\bthat which\b/g, 'what'],
  [/(?<=[.:] |^)(?:Refused|Kept|Given|Sent|Stored) (?:is|are)\b/gm, 'subject first'],
]

const changelog: Page = { path: 'CHANGELOG.md', text: textOf('CHANGELOG.md') }

test.each([...pages, changelog])('$path is in the words of today', ({ text }) => {
  // Code has names of its own.
  const prose = text.replaceAll(/`[^`\n]*`/g, '')
  const found = quaint.flatMap(([words, instead]) =>
    [...prose.matchAll(words)].map(([said]) => `${said}: ${instead}`),
  )
  expect(found).toEqual([])
})

describe.each(pages)('$path', ({ text }) => {
  test('names only flags there are', async () => {
    const ofSettings = settingNames.flatMap((name) => [flagOf(name), `no-${flagOf(name)}`])
    const shapes = await commandShapes()
    const known = new Set([
      ...ofSettings,
      ...[...shapes.values()].flatMap(({ flags }) => Object.keys(flags)),
      ...['config', 'start-empty', 'restore-marker', 'accept-loss', 'accept-copy'],
      ...othersFlags,
    ])
    // A flag with its value, in code of its own.
    const flags = [...text.matchAll(/(?<!`)`--([a-z][a-z0-9-]*)[^`\n]*`/g)]
    expect(flags.map(([, flag]) => flag).filter((flag) => !known.has(flag ?? ''))).toEqual([])
  })

  test('names only variables there are', () => {
    const known = new Set([...settingNames.map(variableOf), ...otherVariables])
    const variables = [...text.matchAll(/LAYERDOCK_[A-Z0-9_]+/g)].map(([name]) => name)
    expect(variables.filter((name) => !known.has(name))).toEqual([])
  })
})

test('docs/network.md gives each limit its default and its error', () => {
  const text = docs.find(({ path }) => path === 'docs/network.md')?.text ?? ''
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(1, -1).split('|'))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter(([what]) => /\(`--[a-z-]+`\)$/.test(what ?? ''))
  expect(rows.length).toBeGreaterThan(8)
  for (const [what = '', initially = '', beyond = ''] of rows) {
    const flag = /\(`--([a-z-]+)`\)$/.exec(what)?.[1]
    const name = settingNames.find((name) => flagOf(name) === flag)
    const defaultText = name === undefined ? undefined : settings[name].defaultText
    expect(initially.replaceAll(/[ ,]/g, ''), what).toBe(defaultText)
    const [, status, code] = /(\d{3}) `([A-Z_]+)`$/.exec(beyond) ?? []
    if (status === undefined) continue
    const known = Object.values(errorRows).map((row) => `${row.status} ${row.code}`)
    expect(known).toContain(`${status} ${code}`)
  }
})

test('docs/commands.md has every command', async () => {
  const text = docs.find(({ path }) => path === 'docs/commands.md')?.text ?? ''
  const words = new Set([...text.matchAll(/`([a-z]+)(?: [a-z]+)?`/g)].map(([, word]) => word))
  const named = [...operations.keys(), ...(await commandShapes()).keys()]
  expect(named.map((name) => name.split(' ')[0]).filter((word) => !words.has(word))).toEqual([])
})
