import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { copyHelp } from '../../adapters/cli/copy-help.ts'
import { exportHelp, importHelp } from '../../adapters/cli/interchange/help.ts'
import { codeBlocks, makeCodeFolder } from '../document-code.ts'

const text: string = readFileSync(new URL('../../docs/move.md', import.meta.url), 'utf8')

test('the code of the document has the types that it says', async () => {
  const blocks = codeBlocks(text)
  expect(blocks).toHaveLength(1)
  const folder = await makeCodeFolder()
  try {
    await folder.check(blocks)
  } finally {
    await folder.remove()
  }
})

test('every flag of the document is one, and the helps fit a terminal', () => {
  const helps = [importHelp, exportHelp, copyHelp].join('\n')
  for (const [flag] of text.matchAll(
    /--(?:from|to|move|repository|rate|concurrency|as|json|mirror)[a-z-]*/g,
  )) {
    if (flag !== '--from-oci-layout') expect(helps).toContain(flag.replace(/^--to-/, '--from-'))
  }
  for (const line of helps.split('\n')) expect(line.length).toBeLessThanOrEqual(104)
})
