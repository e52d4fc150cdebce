import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mostRanges, parseByteRanges } from '../../src/oci/byte-range.ts'
import { chunkLength, parseContentRange, uploadRange } from '../../src/oci/content-range.ts'
import { nextLink } from '../../src/oci/link-header.ts'
import { cpuMs } from '../cpu-time.ts'
import { anyText, longStrings } from './hostile-strings.ts'

describe('the Content-Range of a chunk', () => {
  test.each([
    ['0-0', 0, 0, 1],
    ['0-9', 0, 9, 10],
    ['10-19', 10, 19, 10],
    ['5-4', 5, 4, 0],
    [' 0-9 ', 0, 9, 10],
    ['9007199254740991-9007199254740991', 2 ** 53 - 1, 2 ** 53 - 1, 1],
    ['99999999999999999-99999999999999999', 1e17, 1e17, 1],
    ['0-18446744073709551615', 0, 2 ** 64, 2 ** 64 + 1],
  ])('%j is %d to %d, %d bytes', (text, first, last, length) => {
    const range = parseContentRange(text)
    expect(range).toEqual({ first, last })
    if (range !== null) expect(chunkLength(range)).toBe(length)
  })

  test.each([
    '',
    '-',
    '0',
    '0-',
    '-0',
    '0--1',
    '5-3',
    'bytes 0-9/10',
    'bytes=0-9',
    '0-9/10',
    '0-9,10-19',
    '+0-9',
    '0x0-0x9',
    '1e1-2e1',
    '0.0-9',
    '٠-٩',
    '0 - 9',
  ])('%j is none', (text) => {
    expect(parseContentRange(text)).toBeNull()
  })

  test('can be formatted and parsed again, and anything else is null', () => {
    const offset = fc.maxSafeNat()
    fc.assert(
      fc.property(offset, offset, (a, b) => {
        const [first, last] = a < b ? [a, b] : [b, a]
        expect(parseContentRange(`${first}-${last}`)).toEqual({ first, last })
      }),
    )
    fc.assert(
      fc.property(anyText, (text) => {
        const range = parseContentRange(text)
        if (range === null) return
        expect(range.first).toBeGreaterThanOrEqual(0)
        expect(chunkLength(range)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('the Range of a session is 0-0 while it is empty, and then ends with the last byte', () => {
    expect([0, 1, 2, 1000].map(uploadRange)).toEqual(['0-0', '0-0', '0-1', '0-999'])
  })
})

describe('the Range of a pull', () => {
  const huge = '9'.repeat(400)
  test.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=2-5', { start: 2, end: 6 }],
    ['bytes=0-', { start: 0, end: 10 }],
    ['bytes=9-', { start: 9, end: 10 }],
    ['bytes=9-9', { start: 9, end: 10 }],
    ['bytes=3-100', { start: 3, end: 10 }],
    ['bytes=-1', { start: 9, end: 10 }],
    ['bytes=-10', { start: 0, end: 10 }],
    ['bytes=-100', { start: 0, end: 10 }],
    ['BYTES=0-0', { start: 0, end: 1 }],
    ['bytes= 0-0 ', { start: 0, end: 1 }],
    ['bytes=0-0,', { start: 0, end: 1 }],
    ['bytes=0-9999999999999999', { start: 0, end: 10 }],
    [`bytes=0-${huge}`, { start: 0, end: 10 }],
    [`bytes=-${huge}`, { start: 0, end: 10 }],
    [`bytes=${'0'.repeat(400)}3-4`, { start: 3, end: 5 }],
    ['bytes=0-18446744073709551615', { start: 0, end: 10 }],
    // An unsatisfiable range is left out, as long as another is satisfiable.
    ['bytes=20-,0-0', { start: 0, end: 1 }],
  ])('%j of 10 bytes is %j', (header, expected) => {
    expect(parseByteRanges(header, 10)).toEqual([expected])
  })

  test.each([
    ...['bytes=10-', 'bytes=10-20', 'bytes=500-0', 'bytes=5-4', 'bytes=-0', 'bytes=-00'],
    ...['bytes=20-,30-', `bytes=${huge}-`, `bytes=${huge}-${huge}`, 'bytes=18446744073709551615-'],
  ])('%j of 10 bytes is none of them', (header) => {
    expect(parseByteRanges(header, 10)).toBe('unsatisfiable')
  })

  test.each([
    ...[
      'items=0-0',
      'bytes=',
      'bytes=-',
      'bytes=,',
      'bytes=a-b',
      'bytes=--1',
      'bytes 0-0',
      '0-0',
      '',
    ],
    ...['bytes=0-0,a-b', 'bytes=0-0;1-1', 'bytes=0 -0', 'bytes=1e1-', 'bytes=+1-2', 'bytes=٠-٩'],
  ])('%j is ignored', (header) => {
    expect(parseByteRanges(header, 10)).toBeNull()
  })

  test.each([
    ['bytes=0-0,2-3', [0, 1], [2, 4]],
    ['bytes=5-6 , 0-1', [5, 7], [0, 2]],
    ['bytes=0-1,1-2', [0, 2], [1, 3]],
    ['bytes=0-0,,9-', [0, 1], [9, 10]],
    ['bytes=0-4,-5', [0, 5], [5, 10]],
  ] as const)('%j are the spans %j and %j, in that order', (header, ...spans) => {
    expect(parseByteRanges(header, 10)).toEqual(spans.map(([start, end]) => ({ start, end })))
  })

  test('ranges that ask for more bytes than the blob has are ignored', () => {
    expect(parseByteRanges('bytes=0-9,0-0', 10)).toBeNull()
    expect(parseByteRanges('bytes=0-4,5-9', 10)).toHaveLength(2)
  })

  test('too many ranges are ignored', () => {
    const many = (count: number): string => `bytes=${Array(count).fill('0-0').join(',')}`
    expect(parseByteRanges(many(mostRanges), 10_000)).toHaveLength(mostRanges)
    expect(parseByteRanges(many(mostRanges + 1), 10_000)).toBeNull()
  })

  test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0', 'bytes=5-', 'bytes=0-0,1-1'])(
    '%j of an empty blob is the whole blob',
    (header) => {
      expect(parseByteRanges(header, 0)).toBeNull()
    },
  )

  test('spans are never empty, never beyond the blob, and together never more than it', () => {
    const part = fc.oneof(fc.constant(''), fc.nat(30).map(String), fc.maxSafeNat().map(String))
    const range = fc.tuple(part, part).map(([first, last]) => `${first}-${last}`)
    const ranges = fc
      .array(range, { minLength: 1, maxLength: 5 })
      .map((parts) => `bytes=${parts.join(',')}`)
    fc.assert(
      fc.property(fc.oneof(ranges, anyText), fc.nat(20), (header, size) => {
        const spans = parseByteRanges(header, size)
        if (spans === null || spans === 'unsatisfiable') return
        let bytes = 0
        for (const { start, end } of spans) {
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(size)
          bytes += end - start
        }
        expect(bytes).toBeLessThanOrEqual(size)
      }),
    )
  })
})

test('long strings are read at once', async () => {
  const used = await cpuMs(() => {
    for (const text of longStrings) {
      expect(parseContentRange(text)).toBeNull()
      parseByteRanges(text, 10)
      parseByteRanges(`bytes=${text}`, 10)
    }
  })
  expect(used).toBeLessThan(2000)
})

describe('Link', () => {
  test('is one relative target with encoded values', () => {
    const query = [
      ['n', '2'],
      ['last', 'a/b&c="<>; \u{1F600}'],
    ] as const
    expect(nextLink('/v2/x/tags/list', query)).toBe(
      '</v2/x/tags/list?n=2&last=a%2Fb%26c%3D%22%3C%3E%3B%20%F0%9F%98%80>; rel="next"',
    )
  })

  test('decodes to the same values', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, (n, last) => {
        const link = nextLink('/v2/_catalog', [
          ['n', n],
          ['last', last],
        ])
        const [, target = ''] = /^<(\/v2\/_catalog\?[!-~]*)>; rel="next"$/.exec(link) ?? []
        const query = new URL(target, 'http://registry.test').searchParams
        expect([query.get('n'), query.get('last')]).toEqual([n, last])
      }),
    )
  })
})
