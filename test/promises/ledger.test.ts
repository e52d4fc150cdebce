import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = new URL('.', import.meta.url)
const root = new URL('../../', here)
const textOf = (name: string, base: URL): string => readFileSync(new URL(name, base), 'utf8')

describe('the list of failures elsewhere', () => {
  const page = textOf('README.md', here)

  it('links to existing tests', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(20)
    expect(links.filter((link) => !existsSync(new URL(link, here)))).toEqual([])
  })

  it('names every test of this folder', () => {
    const tests = readdirSync(fileURLToPath(here)).filter((name) => name.endsWith('.test.ts'))
    const unnamed = tests.filter((name) => !page.includes(`](${name})`))
    expect(unnamed).toEqual(['ledger.test.ts'])
  })

  it('and SECURITY.md name existing tests', () => {
    const named = [...textOf('SECURITY.md', root).matchAll(/`(test\/[^`]+)`/g)]
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(([, path]) => !existsSync(new URL(path ?? '', root)))).toEqual([])
  })
})
