import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LargeMap } from '../../src/metadata/large-map.ts'
import { sampleDigest } from '../../src/testing/samples.ts'

describe.each([
  ['few', 100],
  ['many', 100_000],
])('a map of %s', (_, count) => {
  const keyOf = (number: number): string =>
    number % 2 === 0 ? sampleDigest(number) : number.toString(36)

  test('has what was put in and not taken out', () => {
    const map = new LargeMap<string, number>()
    const expected = new Map<string, number>()
    for (let number = 0; number < count; number += 1) {
      map.set(keyOf(number), number)
      expected.set(keyOf(number), number)
      const gone = keyOf(number >>> 1)
      if (number % 3 === 0) expect(map.delete(gone)).toBe(expected.delete(gone))
    }
    map.set(keyOf(count - 1), -1)
    expected.set(keyOf(count - 1), -1)
    expect(map.size).toBe(expected.size)
    expect([...map.values()].sort()).toEqual([...expected.values()].sort())
    for (let number = 0; number < count; number += 1) {
      const key = keyOf(number)
      expect(map.get(key)).toBe(expected.get(key))
    }
  })

  test('may be emptied while it is walked', () => {
    const map = new LargeMap<string, number>()
    for (let number = 0; number < count; number += 1) map.set(keyOf(number), number)
    let walked = 0
    for (const number of map.values()) {
      map.delete(keyOf(number))
      walked += 1
    }
    expect(walked).toBe(count)
    expect(map.size).toBe(0)
  })
})

test('takes any text for a key', () => {
  const map = new LargeMap<string, number>()
  for (let number = 0; number < 70_000; number += 1) map.set(`key ${number}`, number)
  fc.assert(
    fc.property(fc.string(), (key) => {
      map.set(key, 1)
      expect(map.get(key)).toBe(1)
      expect(map.delete(key)).toBe(true)
      expect(map.get(key)).toBeUndefined()
    }),
  )
})
