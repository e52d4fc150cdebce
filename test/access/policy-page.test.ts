import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { policyCommand } from '../../adapters/cli/policy-command.ts'

const path = fileURLToPath(new URL('../../docs/policy.md', import.meta.url))
const page = readFileSync(path, 'utf8')
const documents = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)]
  .map(([, text]) => text ?? '')
  .filter((text) => text.includes('"rules"'))
const folder = mkdtempSync(join(tmpdir(), 'layerdock-policy-page-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('docs/policy.md', () => {
  it('shows what layerdock policy explain says of its policy', async () => {
    const [, words = '', answer = ''] =
      /^\$ layerdock policy explain (.*)\n([\s\S]*?)^```$/m.exec(page) ?? []
    const file = join(folder, 'policy.json')
    writeFileSync(file, documents[0] ?? '')
    const said: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0)
    await policyCommand(['explain', ...words.replace('policy.json', file).split(' ')])
    expect(said.join('')).toBe(answer)
  })
})
