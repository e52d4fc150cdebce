import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { knownParameters, knownQuery } from '../../src/ui/known-parameters.ts'

const ui = fileURLToPath(new URL('../../src/ui', import.meta.url))

test('the query of a view has what views read, and nothing else', () => {
  const search = '?q=a%20b&sort=name&reference=x&reference=y'
  expect(knownQuery(search)).toBe(search)
  expect(knownQuery('?token=secret')).toBe('')
  expect(knownQuery('?q=a&token=secret&sort=name')).toBe('?q=a&sort=name')
  expect(knownQuery('')).toBe('')
})

test('what views read is known', () => {
  const read = readdirSync(ui, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    if (!name.endsWith('.ts')) return []
    const text = readFileSync(`${ui}/${name}`, 'utf8')
    return [...text.matchAll(/(?:searchParams\.(?:get|getAll|has)|wanted)\('([a-z]+)'\)/g)]
  })
  expect(read.length).toBeGreaterThan(15)
  const unknown = read.flatMap(([, name = '']) => (knownParameters.has(name) ? [] : [name]))
  expect(unknown).toEqual([])
})
