import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ledger, type Place } from './ledger.ts'

const here = new URL('.', import.meta.url)
const root = new URL('../../', here)
const textOf = (name: string, base: URL = root): string => readFileSync(new URL(name, base), 'utf8')

describe('the list of failures elsewhere', () => {
  const page = textOf('README.md', here)
  const lines = page.split('\n').filter((line) => line.startsWith('| ') && !line.includes('---'))

  it('has the rows of the ledger, each with its files', () => {
    const rows = lines.slice(1).map((line) => line.split(' | ')[0]?.replace(/^\| /, ''))
    expect(rows).toEqual(ledger.map(({ failure }) => failure))
    for (const [index, { proofs }] of ledger.entries()) {
      for (const { file } of proofs) {
        const link = file.startsWith('test/promises/') ? file.slice(14) : `..${file.slice(4)}`
        expect(lines[index + 1]).toContain(`](${link})`)
      }
    }
  })

  it('links to existing tests', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(20)
    expect(links.filter((link) => !existsSync(new URL(link, here)))).toEqual([])
  })

  it('names every test of this folder', () => {
    const tests = readdirSync(fileURLToPath(here)).filter((name) => name.endsWith('.test.ts'))
    const unnamed = tests.filter((name) => !page.includes(`](${name})`))
    expect(unnamed).toEqual([])
  })

  it('and SECURITY.md name existing tests', () => {
    const named = [...textOf('SECURITY.md').matchAll(/`(test\/[^`]+)`/g)]
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(([, path]) => !existsSync(new URL(path ?? '', root)))).toEqual([])
  })
})

describe.each(ledger)('$failure', ({ concerns, proofs }) => {
  it('has a test wherever it could happen', () => {
    const proven = new Set(proofs.flatMap(({ places }) => places))
    expect(concerns.length).toBeGreaterThan(0)
    expect(concerns.filter((place) => !proven.has(place))).toEqual([])
    for (const { file, places } of proofs) {
      expect(places.filter((place) => !runsOn(file, place))).toEqual([])
    }
  })

  it.each(proofs)('is tested by what $file names', ({ file, titlesIn, titles }) => {
    expect(titles.length).toBeGreaterThan(0)
    if (titlesIn !== file) expect(textOf(file)).toContain(titlesIn.split('/').at(-1))
    const text = textOf(titlesIn)
    expect(titles.filter((title) => !hasTitle(text, title))).toEqual([])
  })
})

/** Whether a file says that its tests run there. */
function runsOn(file: string, place: Place): boolean {
  if (place === 'core' || place === 'node') return true
  if (file.startsWith(`test/${place === 'workerd' ? 'edge' : place}/`)) return true
  return /describe\.each\((?:everyRuntime|runtimes)\)|describe(?:Everywhere|OnRuntimes)\(/.test(
    textOf(file),
  )
}

/** Whether a test or a group of tests has a title. */
function hasTitle(text: string, title: string): boolean {
  const literal = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const call = /\b(?:it|test|describe)(?:\.\w+)*(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?/
  return new RegExp(`(?:${call.source})\\(\\s*(['"\`])${literal}\\1,`).test(text)
}
