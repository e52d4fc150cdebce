import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../src/access/index.ts'
import { codeBlocks, makeCodeFolder } from '../document-code.ts'

const text: string = readFileSync(new URL('../../docs/access.md', import.meta.url), 'utf8')
const policies: readonly string[] = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
  .map(([, block = '']) => block)
  .filter((block) => block.includes('"rules"'))

test('the document has policies', () => {
  expect(policies.length).toBeGreaterThan(4)
})

test.each(policies)('a policy of the document is one, without a problem: %s', (policy) => {
  expect(parsePolicy(policy, { loginGroups: true })).toMatchObject({ problems: [], warnings: [] })
})

/** What a program around the code has. */
const around: Readonly<Record<string, string>> = {
  text: 'string',
  logins: "readonly import('layerdock/access').Login[]",
  policy: "import('layerdock/access').Policy & import('layerdock/access').ReadPolicy",
  isBanned: '(digest: string) => Promise<boolean>',
  log: '(notice: object) => void',
  store: "import('layerdock/access').KeyStore",
  createRegistry: "typeof import('layerdock').createRegistry",
}

/** A block with what it takes for granted. */
function whole(block: string): string {
  const declared = Object.entries(around).filter(
    ([name]) => !new RegExp(`(?:const|import) (?:\\{[^}]*)?\\b${name}\\b`).test(block),
  )
  return [...declared.map(([name, type]) => `declare const ${name}: ${type}`), block].join('\n')
}

test('its code has the types it says', async () => {
  const code = await makeCodeFolder()
  try {
    await code.check(codeBlocks(text).map(whole))
  } finally {
    await code.remove()
  }
})
