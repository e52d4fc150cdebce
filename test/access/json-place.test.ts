import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeOfJsonError } from '../../src/access/policy/json-place.ts'

describe('the place where a text stops being JSON', () => {
  test.each([
    ['', 'line 1, column 1'],
    ['{"a": [1,\n  2', 'line 2, column 4'],
    ['{"a": 1,}', 'line 1, column 9'],
    ['[1,]', 'line 1, column 4'],
    ['{"a" 1}', 'line 1, column 6'],
    ['{a: 1}', 'line 1, column 2'],
    ['{"a": secret}', 'line 1, column 7'],
    ["{'a': 1}", 'line 1, column 2'],
    ['{"a": "b', 'line 1, column 7'],
    ['{"a": 01}', 'line 1, column 7'],
    ['{"a": 1}\n\n]', 'line 3, column 1'],
    ['[1}', 'line 1, column 3'],
  ])('of %j is %s', (text, place) => {
    expect(placeOfJsonError(text)).toBe(place)
  })

  test('is not there where it is JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
        expect(placeOfJsonError(JSON.stringify(JSON.parse(json), null, indent))).toBe(null)
      }),
      { seed: 1 },
    )
  })
})
