import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { everySetting } from '../../adapters/cli/command-line.ts'
import { readSettings } from '../../adapters/cli/read-settings.ts'
import { settingNames } from '../../adapters/cli/settings.ts'
import { parsePolicy } from '../../src/access/index.ts'
import { parseRetention } from '../../src/retention/index.ts'
import { parseWebhooks } from '../../src/webhooks/index.ts'
import { root } from '../architecture/source-files.ts'
import { hasOpenssl, makeCertificate } from '../cli/certificates.ts'
import { type Block, blocksOf, pages } from './pages.ts'

const blocks = blocksOf(pages)
const folder = mkdtempSync(join(tmpdir(), 'layerdock-documents-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Languages, each with the test that looks at its blocks. */
const languages: ReadonlyMap<string, string> = new Map([
  ['ts', 'code.test.ts'],
  ['sh', 'shell.test.ts'],
  ['console', 'console.test.ts'],
  ['json', 'below'],
  ['yaml', 'below'],
  ['nginx', 'below'],
  ['text', 'is no code: output, or a pattern'],
])

test('each block has a language that a test looks at', () => {
  const others = blocks.filter(({ language }) => !languages.has(language))
  expect(others.map(({ page, line, language }) => `${page}:${line} ${language}`)).toEqual([])
})

/** Documents of others, or shapes that another test holds against what is answered. */
const otherDocuments: readonly (readonly [words: string, why: string])[] = [
  ['"Version": "2012-10-17"', 'a policy of S3'],
  ['"outcome": "allowed"', 'test/cli/audit-log.test.ts compares records'],
  ['"type": "PUSH_ARTIFACT"', 'test/webhooks/page.test.ts compares what is sent'],
  ['"action": "push"', 'the same'],
  ['"specversion": "1.0"', 'the same'],
  ['"area": "access"', 'test/cli/log-file.test.ts compares lines'],
]

const json = blocks.filter(({ language, page }) => language === 'json' && page !== 'docs/page.md')

test('the shapes of docs/page.md are parsed', () => {
  for (const { code, page, language } of blocks) {
    // test/page/document.test.ts holds them against what the page answers.
    if (language === 'json' && page === 'docs/page.md') JSON.parse(code)
  }
})

describe('documents in JSON', () => {
  test('are found', () => expect(json.length).toBeGreaterThan(10))

  test.each(json)('$page, line $line', async ({ code }) => {
    const document = JSON.parse(code) as Record<string, unknown>
    const told = await problemsOf(document, code)
    expect(told).toEqual([])
  })
})

async function problemsOf(
  document: Record<string, unknown>,
  text: string,
): Promise<readonly unknown[]> {
  if (otherDocuments.some(([words]) => text.includes(words))) return []
  const [first = ''] = Object.keys(document)
  if (settingNames.some((name) => name === first)) {
    const path = join(folder, 'layerdock.json')
    writeFileSync(path, text)
    await readSettings({ words: ['--config', path], flags: everySetting, environment: {} })
    return []
  }
  if (first === 'registry') {
    const secret = { text: 'https://receiver.example.com/of-some-length' }
    const { problems, warnings } = parseWebhooks(text, {
      readSecret: () => secret,
      secretsInText: false,
    })
    return [...problems, ...warnings]
  }
  const isRetention = /"(?:keep|delete|untagged|empty)":/.test(text)
  const { problems, warnings } = isRetention
    ? parseRetention(text)
    : parsePolicy(text, { loginGroups: true })
  return [...problems, ...warnings]
}

test('documents in YAML are parsed', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml')
  expect(yaml.length).toBeGreaterThan(3)
  const script = 'for (const text of JSON.parse(await Bun.stdin.text())) Bun.YAML.parse(text)'
  const bun = join(root, 'node_modules/.bin/bun')
  execFileSync(bun, ['-e', script], { input: JSON.stringify(yaml.map(({ code }) => code)) })
})

const hasNginx = spawnSync('nginx', ['-v']).status === 0

describe.skipIf(!hasNginx || !hasOpenssl)('configurations of nginx', () => {
  const nginx = blocks.filter(({ language }) => language === 'nginx')
  test.each(nginx)('$page, line $line', ({ code }: Block) => {
    const { cert, key } = makeCertificate(folder, 'registry.example.com')
    const path = join(folder, 'nginx.conf')
    const text = code
      .replace('/etc/nginx/registry.pem', cert)
      .replace('/etc/nginx/registry.key', key)
    writeFileSync(
      path,
      `pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};\n${text}}\n`,
    )
    const { status, stderr } = spawnSync('nginx', ['-t', '-p', folder, '-c', path], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toMatchObject({ status: 0 })
  })
})
