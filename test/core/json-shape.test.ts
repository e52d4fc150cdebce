import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ambiguityOf } from '../../src/core/json-shape.ts'

const nested = (depth: number, open = '[', close = ']'): string =>
  open.repeat(depth) + close.repeat(depth)

describe('what reads alike everywhere', () => {
  test.each([
    '{}',
    '[]',
    '{"schemaVersion":2,"config":{},"layers":[],"annotations":{}}',
    '{"a":1,"A":2}',
    '{"a":{"mediaType":1},"b":{"mediaType":1}}',
    '{"x":["layers","layers"],"layers":[]}',
    '{"a":"}{\\"\\\\","b":"[[["}',
    '{"annotations":{"Layers":"","layers":"","layerſ":""}}',
    '{"mediaTypes":1,"layer":2,"mediaType":3}',
    '{"__proto__":1,"constructor":2}',
    nested(64),
    `{"a":${nested(63)}}`,
  ])('%s', (text) => {
    expect(ambiguityOf(text)).toBeNull()
  })
})

describe('what does not', () => {
  test.each([
    ['the same key twice', '{"layers":[],"layers":[1]}', 'twice'],
    ['an unknown key twice', '{"a":1,"b":2,"a":3}', 'twice'],
    ['twice by an escape', '{"layers":[],"l\\u0061yers":[1]}', 'twice'],
    ['twice, past a nested object', '{"a":{"b":[{}]},"a":1}', 'twice'],
    ['twice, past brackets in strings', '{"a":"]}","a":1}', 'twice'],
    ['a key in other case', '{"Layers":[]}', 'case'],
    ['shouting', '{"MANIFESTS":[]}', 'case'],
    ['a known key and its variant', '{"manifests":[],"Manifests":[]}', 'twice'],
    ['other case by an escape', '{"\\u004dediaType":""}', 'case'],
    // Go folds these two as well: encoding/json takes them for s and k.
    ['the long s', '{"layerſ":[]}', 'case'],
    ['the long s beside the key', '{"manifests":[],"manifeſts":[]}', 'twice'],
    ['the long s by an escape', '{"\\u017fubject":{}}', 'case'],
    ['65 levels', nested(65), 'nested'],
    ['65 levels of objects', nested(65, '{"a":', '}'), 'nested'],
    ['65 levels mixed', `{"a":${nested(64)}}`, 'nested'],
    ['a hundred thousand levels', nested(100_000), 'nested'],
    ['levels that never end', '['.repeat(100_000), 'nested'],
  ])('%s', (_, text, problem) => {
    expect(ambiguityOf(text)).toContain(problem)
  })

  test('what is said of a hostile key is short', () => {
    const key = 'k'.repeat(100_000)
    expect(ambiguityOf(`{"${key}":1,"${key}":2}`)?.length).toBeLessThan(200)
  })
})

test('JSON with distinct keys is never refused, and a key repeated at the top always', () => {
  const value = fc.jsonValue({ maxDepth: 5 })
  const unknown = fc.string({ maxLength: 5 }).map((key) => `x${key}`)
  const entries = fc.uniqueArray(fc.tuple(unknown, value), {
    selector: ([key]) => key,
    maxLength: 6,
  })
  fc.assert(
    fc.property(entries, fc.nat(), (pairs, at) => {
      const parts = pairs.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`)
      expect(ambiguityOf(`{${parts.join(' , ')}}`)).toBeNull()
      const again = parts[at % Math.max(parts.length, 1)]
      if (again !== undefined)
        expect(ambiguityOf(`{${[...parts, again].join(',')}}`)).toMatch('twice')
    }),
  )
})

test('text that is no JSON never throws and never hangs', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '\\u', 'a', ' ', '\n', '1')
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 60 }), (text) => {
      const said = ambiguityOf(text)
      expect(said === null || typeof said === 'string').toBe(true)
    }),
  )
  const started = performance.now()
  for (const text of ['"', '\\', '"\\', ',', '{', '{"', '":', '"a",', '{"a":"']) {
    ambiguityOf(text.repeat(100_000))
    ambiguityOf(`{${text.repeat(100_000)}`)
  }
  expect(performance.now() - started).toBeLessThan(2000)
})
