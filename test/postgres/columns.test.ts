import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  boundText,
  columnText,
  textOfColumn,
} from '../../adapters/postgres/metadata/column-text.ts'
import {
  digestOfHex,
  digestsOfHex,
  hexAfter,
  hexOfDigest,
} from '../../adapters/postgres/metadata/digest-hex.ts'
import { sqlText } from '../../adapters/postgres/sql-driver.ts'
import { digestOf } from '../../src/kit.ts'
import { runs } from '../sample.ts'

const hexOf = (digits: number) =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString('hex'))
const digests = fc.oneof(
  hexOf(64).map((hex) => digestOf('sha256', hex)),
  hexOf(128).map((hex) => digestOf('sha512', hex)),
)

describe('digests as columns', () => {
  test('are the same when they come back, one or several', () => {
    fc.assert(
      fc.property(fc.array(digests, { maxLength: 5 }), (list) => {
        expect(list.map((digest) => digestOfHex(hexOfDigest(digest)))).toEqual(list)
        expect(digestsOfHex(list.map(hexOfDigest).join(''))).toEqual(list)
      }),
    )
  })

  test('come after a text exactly where their own text does', () => {
    const cut = fc
      .tuple(
        digests,
        fc.nat(140),
        fc.constantFrom('', '!', '/', ':', 'A', '`', 'g', '~', 'é', '0', 'f'),
      )
      .map(([digest, length, end]) => digest.slice(0, length) + end)
    const texts = fc.oneof(cut, digests, fc.string(), fc.constantFrom('sha256:', 'sha512:', 'sha3'))
    fc.assert(
      fc.property(texts, digests, (after, digest) => {
        // The order of hex is that of the bytes.
        expect(hexOfDigest(digest) >= hexAfter(after)).toBe(digest > after)
      }),
      { numRuns: runs(1000) },
    )
    expect(hexAfter(undefined)).toBe('')
  })

  test('sort as their texts do', () => {
    fc.assert(
      fc.property(digests, digests, (a, b) => {
        expect(hexOfDigest(a) < hexOfDigest(b)).toBe(a < b)
      }),
    )
  })
})

describe('texts as columns', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '"', '"\\u0000"', '\0', 'a\0b', '\ud800', 'a\udfff', '"a"', 'é\u{1f433}'),
  )

  test('are the same when they come back, and such as PostgreSQL takes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const column = columnText(text)
        expect(textOfColumn(column)).toBe(text)
        expect(column).not.toContain('\0')
        expect(Buffer.from(column).toString()).toBe(column)
      }),
    )
  })

  test('are told apart', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(columnText(a) === columnText(b)).toBe(a === b)
      }),
    )
  })

  test('bound names without zero bytes', () => {
    for (const [text, bound] of [
      [undefined, ''],
      ['a', 'a'],
      ['a\0b', 'a'],
      ['\0', ''],
    ] as const) {
      expect(boundText(text)).toBe(bound)
    }
  })
})

test('parameters are texts as PostgreSQL reads them', () => {
  expect(sqlText(null)).toBeNull()
  expect(sqlText(12.5)).toBe('12.5')
  expect(sqlText(false)).toBe('f')
  expect(sqlText(Uint8Array.of(0, 171, 255))).toBe('\\x00abff')
  expect(sqlText([])).toBe('{}')
  const list = ['a', 'null', '', 'a"b\\c', null, '1e5', true, Uint8Array.of(1)]
  expect(sqlText(list)).toBe('{a,"null","","a\\"b\\\\c",NULL,1e5,"t","\\\\x01"}')
})
