import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonReader } from '../../src/core/json-reader.ts'
import { JsonProblem } from '../../src/core/json-scan.ts'
import { runs } from '../sample.ts'

/** Reads a whole text into values, with the reader alone. */
function read(text: string): unknown {
  const reader = new JsonReader(text)
  const value = nextOf(reader, text)
  reader.end()
  return value
}

/** Reads one value: the keys of an object, the length of a list, anything else whole. */
function nextOf(reader: JsonReader, text: string): unknown {
  const first = text.trimStart().charAt(0)
  if (reader.null()) return null
  if (first === '"') return reader.string(Number.POSITIVE_INFINITY)
  if (first === '{') {
    const entries: [string, null][] = []
    reader.object((key) => {
      entries.push([key, null])
      reader.skip()
    })
    return entries
  }
  if (first === '[') {
    let length = 0
    reader.array((index) => {
      length = index + 1
      reader.skip()
    })
    return { length }
  }
  if (first === 't' || first === 'f') {
    reader.skip()
    return first === 't'
  }
  return reader.number()
}

/** What JSON.parse makes of the same text, as far as {@link read} goes into it. */
function parsed(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value)) return { length: value.length }
  if (typeof value !== 'object' || value === null) return value
  return Object.keys(value).map((key) => [key, null])
}

function outcome(work: (text: string) => unknown, text: string): unknown {
  try {
    return work(text)
  } catch (error) {
    if (!(error instanceof JsonProblem || error instanceof SyntaxError)) throw error
    return 'not JSON'
  }
}

const keysInOrder = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true
  const keys = Object.keys(value)
  return !keys.some((key) => /^[0-9]/.test(key)) && new Set(keys).size === keys.length
}

test('all JSON is read as JSON.parse reads it', () => {
  const json = fc.jsonValue({ maxDepth: 5 }).filter(keysInOrder)
  fc.assert(
    fc.property(json, fc.constantFrom('', '  ', '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space)
      expect(read(text)).toEqual(parsed(text))
    }),
    { numRuns: runs(500) },
  )
})

test('a text that differs from JSON in a few places is JSON to both or to neither', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      '\\u00e9',
      '\\n',
      '\\x',
      'a',
      ' ',
      '\n',
      '\t',
    ],
    ...[
      '\u0000',
      '\u001f',
      '\u007f',
      '\u2028',
      '\ufeff',
      '0',
      '1',
      '-',
      '+',
      '.',
      'e',
      'E5',
      'e-1',
    ],
    ...['null', 'true', 'false', 'nul', 'NaN', '01', '1.', '.5', '-0', '"a"', '"a":', '{}', '[]'],
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.jsonValue({ maxDepth: 3 }), piece, fc.nat(), fc.nat(3))
      .map(([value, bad, at, cut]) => {
        const whole = JSON.stringify(value)
        const place = at % (whole.length + 1)
        return whole.slice(0, place) + bad + whole.slice(place + cut)
      }),
  )
  fc.assert(
    fc.property(text, (text) => {
      const expected = outcome(parsed, text)
      const got = outcome(read, text)
      if (expected === 'not JSON' || got === 'not JSON') expect(got, text).toBe(expected)
    }),
    { numRuns: runs(5000) },
  )
})

test.each([
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"'],
  ['"\\u00e9\\uD83D\\ude00\\ud800"'],
  ['"é\u{1F600}\u2028\u007f"'],
  ['"\\u0000"'],
])('the string %s', (text) => {
  expect(read(text)).toBe(JSON.parse(text))
})

test.each(['0', '-0', '1.0e0', '1E+5', '-12.5e-3', '9007199254740993', '1e999'])(
  'the number %s',
  (text) => {
    expect(read(text)).toBe(JSON.parse(text))
  },
)

describe('depth', () => {
  const nested = (depth: number, open = '[', close = ']'): string =>
    open.repeat(depth) + close.repeat(depth)
  const skip = (text: string): void => {
    const reader = new JsonReader(text)
    reader.skip()
    reader.end()
  }

  test.each([nested(64), nested(64, '{"a":', '}').replace(':}', ':1}'), `{"a":${nested(63)}}`])(
    '64 levels are read',
    (text) => {
      expect(() => skip(text)).not.toThrow()
    },
  )

  test.each([
    ['65 levels', nested(65)],
    ['65 levels of objects', nested(65, '{"a":', '}')],
    ['65 levels mixed', `{"a":${nested(64)}}`],
    ['a hundred thousand levels', nested(100_000)],
    ['levels that never end', '['.repeat(100_000)],
  ])('%s are refused', (_, text) => {
    expect(() => skip(text)).toThrow('nested')
  })

  test('levels count from the top, whichever method reads them', () => {
    const reader = new JsonReader(`{"a":[${nested(63)}]}`)
    expect(() => reader.object(() => reader.array(() => reader.skip()))).toThrow('nested')
  })
})

describe('what is said of a value of another kind', () => {
  const said = (text: string, work: (reader: JsonReader) => unknown): string => {
    try {
      work(new JsonReader(text))
    } catch (error) {
      return error instanceof JsonProblem ? error.message : String(error)
    }
    return 'read'
  }
  const at = (work: (reader: JsonReader) => unknown) => (reader: JsonReader) =>
    reader.object(() => reader.array(() => work(reader)))

  test.each<[string, string, (reader: JsonReader) => unknown]>([
    ['it is not an object', '[1]', (reader) => reader.object(() => reader.skip())],
    ['it is not a list', '{}', (reader) => reader.array(() => reader.skip())],
    ['a.1 is not a string', '{"a":["",2]}', at((reader) => reader.string(9))],
    ['a.0 is not a number', '{"a":["2"]}', at((reader) => reader.number())],
    ['a.0 is longer than 2 characters', '{"a":["abc"]}', at((reader) => reader.string(2))],
    ['a.0.b is not a string', '{"a":[{"b":[]}]}', at((reader) => reader.stringMap(9))],
    ['a.0 has more than 1 entries', '{"a":[{"b":"","c":""}]}', at((reader) => reader.stringMap(1))],
    ['a.0.1 is not a string', '{"a":[["",null]]}', at((reader) => reader.stringList())],
    ['it is not JSON in UTF-8', '{"a":[tru]}', at((reader) => reader.string(9))],
    ['it is not JSON in UTF-8', '', (reader) => reader.object(() => reader.skip())],
  ])('%s', (message, text, work) => {
    expect(said(text, work)).toBe(message)
  })

  test('a hostile key is cut', () => {
    const text = JSON.stringify({ ['k'.repeat(100_000)]: 1 })
    expect(said(text, (reader) => reader.object(() => reader.string(1))).length).toBeLessThan(100)
  })
})
