import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonReader } from '../../../src/core/json-reader.ts'
import {
  each,
  entries,
  fields,
  flag,
  keys,
  list,
  number,
  readShape,
  type Shape,
  text,
} from '../../../src/ui/readers/shapes.ts'

const read = <T>(value: unknown, shape: Shape<T>): T | null =>
  readShape(JSON.stringify(value), shape)

describe('a shape', () => {
  test('reads what it names and passes over the rest', () => {
    const shape = fields({ name: text(), size: number, isOld: flag, more: fields({ a: text() }) })
    const value = { x: [{ y: 1 }], name: 'a', size: 2, isOld: true, more: { a: 'b', c: [] } }
    expect(read(value, shape)).toEqual({ name: 'a', size: 2, isOld: true, more: { a: 'b' } })
  })

  test('leaves out what is of another kind', () => {
    const shape = fields({ name: text(), size: number, isOld: flag, tags: list(text(), 3) })
    const value = { name: { a: 1 }, size: '2', isOld: null, tags: [1, 'a', [], 'b'] }
    expect(read(value, shape)).toEqual({ tags: { items: ['a', 'b'], count: 4 } })
    expect(read([], shape)).toBeNull()
  })

  test('takes one thing for a list of it', () => {
    expect(read('a', list(text(), 3))).toEqual({ items: ['a'], count: 1 })
  })

  test('keeps the first of many, and counts all', () => {
    const many = Array.from({ length: 1000 }, (_, at) => `${at}`)
    expect(read(many, list(text(), 2))).toEqual({ items: ['0', '1'], count: 1000 })
    const object = Object.fromEntries(many.map((key) => [`k${key}`, key]))
    expect(read(object, entries(1))).toEqual({ items: [['k0', '0']], count: 1000 })
    expect(read(object, keys(1))).toEqual({ items: ['k0'], count: 1000 })
    let sum = 0
    expect(
      read(
        many.map(Number),
        each(number, (value) => {
          sum += value
        }),
      ),
    ).toBe(1000)
    expect(sum).toBe(499_500)
  })

  test('keeps a key called __proto__', () => {
    expect(readShape('{"__proto__":"a"}', entries(5))?.items).toEqual([['__proto__', 'a']])
    expect(readShape('{"__proto__":{"name":"a"}}', fields({ name: text() }))).toEqual({})
  })

  test('says how much of a long text is left out', () => {
    expect(read('abcdef', text(4))).toBe('abcd… (+2)')
    expect(read('abcd', text(4))).toBe('abcd')
    expect(read('aaa\u{1f600}', text(4))).toBe('aaa… (+1)')
  })

  test.each([
    ['', 'nothing'],
    ['{', 'half an object'],
    ['{"name":"a"}}', 'more than one value'],
    ['{"name":"\\x"}', 'an unknown escape'],
    [`{"deep":${'['.repeat(100)}${']'.repeat(100)}}`, 'a deep one'],
  ])('%j, %s, is not read', (document) => {
    expect(readShape(document, fields({ name: text() }))).toBeNull()
  })

  test('takes bytes that are UTF-8, with a byte order mark too', () => {
    const shape = fields({ name: text() })
    expect(readShape(new TextEncoder().encode('\ufeff{"name":"ä"}'), shape)).toEqual({ name: 'ä' })
    expect(readShape(new Uint8Array([0x22, 0xff, 0x22]), text())).toBeNull()
  })

  test('finds in any JSON what JSON.parse finds', () => {
    const shape = fields({ a: text(5), b: number, c: list(flag, 2), d: entries(2, 3) })
    const like = fc.record(
      { a: fc.jsonValue(), b: fc.double(), c: fc.array(fc.boolean()), d: fc.jsonValue() },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(like, fc.jsonValue()), (value) => {
        const document = JSON.stringify(value)
        const found = readShape(document, shape)
        const parsed: unknown = JSON.parse(document)
        const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
        expect(found !== null).toBe(isObject)
        if (!isObject) return
        const { a, b } = parsed as { a?: unknown; b?: unknown }
        if (typeof a === 'string' && a.length <= 5 && !/\p{Surrogate}/u.test(a))
          expect(found?.a).toBe(a)
        expect(found?.b).toBe(typeof b === 'number' ? b : undefined)
      }),
    )
  })
})

/** Every code unit as an escape. */
const escaped = (value: string): string =>
  value
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

describe('the start of a string', () => {
  test('is that of the whole', () => {
    const character = fc.oneof(
      fc.constantFrom('\\', '"', 'u', '\n', 'a', '\u0001', '\u{1f600}'),
      fc.string({ maxLength: 2 }),
    )
    fc.assert(
      fc.property(fc.array(character), fc.nat(20), fc.boolean(), (parts, longest, escapeAll) => {
        const value = parts.join('')
        const encoded = escapeAll ? `"${escaped(value)}"` : JSON.stringify(value)
        const reader = new JsonReader(encoded)
        const { text: start, length } = reader.cutString(longest)
        reader.end()
        expect(start).toBe(value.slice(0, longest))
        expect(length >= value.length).toBe(true)
        expect(length > longest).toBe(value.length > longest)
      }),
    )
  })

  test('takes no longer where all of it are backslashes', () => {
    const reader = new JsonReader(`"${'\\\\'.repeat(2_000_000)}"`)
    expect(reader.cutString(1_000_000).text).toHaveLength(1_000_000)
  })
})
