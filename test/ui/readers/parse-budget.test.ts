import { describe, expect, test } from 'vitest'
import { ParseBudget, parseSteps } from '../../../src/ui/readers/parse-budget.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const mib = 1024 * 1024

/** A document of about so many bytes: `start`, many times `item`, and `end`. */
function filled(size: number, start: string, item: string, end: string): Uint8Array {
  return bytesOf(start + item.repeat(Math.floor((size - start.length) / item.length)) + end)
}

/** How many values and keys a document has. */
function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + countOf(item), 1)
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, member) => sum + 1 + countOf(member), 1)
}

const shapes = [
  ['empty layers', '{"layers":[', '{},', '{}]}'],
  ['numbers for layers', '{"layers":[', '1,', '1]}'],
  ['lists in lists', '{"x":[', '[[[]]],', '1]}'],
  ['objects that nothing names', '{"x":[', '{"a":1},', '1]}'],
  ['annotations with one key', '{"annotations":{', '"a":"",', '"a":""}}'],
  ['escapes', '{"x":"', '\\n', '"}'],
] as const

describe('the steps of a document', () => {
  test.each(shapes)('are as many as its values at least: %s', (_, start, item, end) => {
    const bytes = filled(10_000, start, item, end)
    const steps = parseSteps(bytes, Number.POSITIVE_INFINITY)
    expect(steps).toBeGreaterThanOrEqual(countOf(JSON.parse(new TextDecoder().decode(bytes))) - 1)
  })

  test.each(shapes)('are too many in 4 MiB of %s', (_, start, item, end) => {
    expect(new ParseBudget().takes(filled(4 * mib, start, item, end))).toBe(false)
  })

  test('are few enough in an index of 10,000 manifests, and in 3 MiB of text', () => {
    const child = { mediaType: 'a/b+json', digest: `sha256:${'a'.repeat(64)}`, size: 1234 }
    const index = JSON.stringify({ manifests: Array.from({ length: 10_000 }, () => child) })
    expect(new ParseBudget().takes(bytesOf(index))).toBe(true)
    expect(new ParseBudget().takes(filled(3 * mib, '{"x":"', 'x', '"}'))).toBe(true)
  })
})

test('a budget is spent by what it takes, and by nothing else', () => {
  const budget = new ParseBudget()
  const [most, few, tooMany] = [180_000, 10, 300_000].map((count) => bytesOf(','.repeat(count)))
  const taken = [most, tooMany, most, most, few, most].map((bytes) =>
    budget.takes(bytes as Uint8Array),
  )
  expect(taken).toEqual([true, false, true, true, true, false])
})
