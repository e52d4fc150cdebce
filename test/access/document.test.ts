import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../src/access/index.ts'

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
