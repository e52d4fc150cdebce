import fc from 'fast-check'
import { expect, test } from 'vitest'
import { longestRepositoryName, parseRepositoryName } from '../../src/oci/repository-name.ts'
import { cpuMs } from '../cpu-time.ts'
import { anyText, hostileStrings, longStrings } from './hostile-strings.ts'

test.each([
  'a',
  '0',
  'library/alpine',
  'a/b/c/d',
  'a.b',
  'a_b',
  'a__b',
  'a-b',
  'a---b',
  'constructor',
  'blobs',
  'a/blobs/uploads/b',
  'manifests/tags/list',
  'v2/referrers',
  'a'.repeat(255),
  `${'a/'.repeat(127)}a`,
])('%s is a name', (text) => {
  expect(parseRepositoryName(text)).toBe(text)
})

test.each([
  ...hostileStrings,
  '_catalog',
  '__proto__',
  'a___b',
  'a..b',
  'a._b',
  'a_-b',
  '.a',
  '-a',
  'a.',
  'a-',
  'a/-b',
  'a/.',
  'a/../b',
  'aB',
  'a:b',
  'a@b',
  'a'.repeat(256),
])('%j is none', (text) => {
  expect(parseRepositoryName(text)).toBeNull()
})

test('an accepted name has no segment with a meaning in a file system or a URL', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = parseRepositoryName(text)
      if (name === null) return
      expect(name).toBe(text)
      expect(name.length).toBeLessThanOrEqual(longestRepositoryName)
      for (const part of name.split('/')) expect(part).toMatch(/^[a-z0-9][a-z0-9._-]*$/)
      expect(encodeURI(name)).toBe(name)
    }),
  )
})

test('names that follow the grammar are accepted', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'z', '0', '9'), minLength: 1, maxLength: 4 })
  const separator = fc.constantFrom('.', '_', '__', '-', '----', '/')
  const names = fc.tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 20 }))
  fc.assert(
    fc.property(names, ([first, rest]) => {
      const text = first + rest.flat().join('')
      expect(parseRepositoryName(text)).toBe(text)
    }),
  )
})

test('long strings are refused at once', async () => {
  const used = await cpuMs(() => {
    for (const text of longStrings) expect(parseRepositoryName(text)).toBeNull()
    for (const piece of ['a-', 'a__', 'a.', 'a', '-', 'a/']) {
      const almost = `${piece.repeat(300).slice(0, 254)}!`
      expect(parseRepositoryName(almost)).toBeNull()
    }
  })
  expect(used).toBeLessThan(2000)
})
