import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { copyHelp } from '../../adapters/cli/copy-help.ts'
import { exportHelp, importHelp } from '../../adapters/cli/interchange/help.ts'

const text: string = readFileSync(new URL('../../docs/move.md', import.meta.url), 'utf8')

test('every flag of the document is one, and the helps fit a terminal', () => {
  const helps = [importHelp, exportHelp, copyHelp].join('\n')
  for (const [flag] of text.matchAll(
    /--(?:from|to|move|repository|rate|concurrency|as|json|mirror)[a-z-]*/g,
  )) {
    if (flag !== '--from-oci-layout') expect(helps).toContain(flag.replace(/^--to-/, '--from-'))
  }
  for (const line of helps.split('\n')) expect(line.length).toBeLessThanOrEqual(104)
})
