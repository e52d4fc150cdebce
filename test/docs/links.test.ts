import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, root, textOf } from '../architecture/source-files.ts'
import { anchorsOf, docs, proseOf } from './pages.ts'

const everyPage = filesBelow('.').filter((path) => path.endsWith('.md'))

/** The relative links of a page, resolved, with their anchors. */
function linksOf(path: string): readonly (readonly [file: string, anchor: string])[] {
  const prose = proseOf(textOf(path))
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
  return links
    .map(([, link, source]) => link ?? source ?? '')
    .filter((link) => !/^[a-z]+:/i.test(link))
    .map((link) => {
      const [file = '', anchor = ''] = link.split('#')
      return [file === '' ? path : posix.join(posix.dirname(path), file), anchor] as const
    })
}

describe('links of every page', () => {
  test.each(everyPage)('%s', (path) => {
    const dead = linksOf(path).filter(([file, anchor]) => {
      if (!existsSync(join(root, file))) return true
      return anchor !== '' && file.endsWith('.md') && !anchorsOf(textOf(file)).has(anchor)
    })
    expect(dead.map(([file, anchor]) => `${file}#${anchor}`)).toEqual([])
  })
})

test.each(everyPage)('%s names the pages that its links lead to', (path) => {
  const links = proseOf(textOf(path)).matchAll(/\[([\w./-]+\.md)\]\(([^)\s]+)\)/g)
  const wrong = [...links].filter(([, name = '', link = '']) => {
    return posix.basename(name) !== posix.basename(link.split('#')[0] ?? '')
  })
  expect(wrong.map(([link]) => link)).toEqual([])
})

describe('the index of docs/', () => {
  const names = docs.map(({ path }) => path).filter((path) => path !== 'docs/README.md')

  test('leads to every page', () => {
    const linked = new Set(linksOf('docs/README.md').map(([file]) => file))
    expect(names.filter((path) => !linked.has(path))).toEqual([])
  })

  test.each(names)('is linked from %s', (path) => {
    expect(linksOf(path).map(([file]) => file)).toContain('docs/README.md')
  })
})

test('no source file names a page that is not there', () => {
  const sources = [...filesBelow('src'), ...filesBelow('adapters'), ...filesBelow('deploy')]
  const dead = sources.flatMap((path) =>
    [...textOf(path).matchAll(/\bdocs\/[\w-]+\.md/g)]
      .filter(([page]) => !existsSync(join(root, page)))
      .map(([page]) => `${path}: ${page}`),
  )
  expect(dead).toEqual([])
})
