import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Registry } from '../../src/index.ts'
import { parseRetention } from '../../src/retention/index.ts'
import { codeBlocks, makeCodeFolder } from '../document-code.ts'

const text: string = readFileSync(new URL('../../docs/clean-up.md', import.meta.url), 'utf8')
const policies: readonly string[] = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
  ([, block = '']) => block,
)

describe('docs/clean-up.md', () => {
  test('has policies', () => {
    expect(policies.length).toBeGreaterThan(4)
  })

  test.each(policies)('a policy of it is one, without a problem: %s', (policy) => {
    expect(parseRetention(policy)).toMatchObject({ problems: [], warnings: [] })
  })

  test('its code runs as it stands', async () => {
    const code = await makeCodeFolder()
    try {
      const blocks = codeBlocks(text)
      expect(blocks).toHaveLength(2)
      const { said, registry } = await code.run<{ said: object; registry: Registry }>(
        blocks[1] ?? '',
      )
      expect(said).toEqual({ looked: 0, tags: 0, manifests: 0, repositories: 0, bytes: 0 })
      await registry.close()
      const trash = await code.run<{ registry: Registry; items: readonly object[] }>(
        blocks[0] ?? '',
      )
      expect(trash.items).toEqual([])
    } finally {
      await code.remove()
    }
  })
})
