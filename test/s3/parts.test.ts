import { expect, test } from 'vitest'
import { ByteBudget } from '../../adapters/s3/byte-budget.ts'
import { freshKey, isKey } from '../../adapters/s3/keys.ts'
import { copyRanges, equalPart, growingPart, largestCopy } from '../../adapters/s3/part-sizes.ts'
import { elementsIn, escaped, textIn } from '../../adapters/s3/xml.ts'

const mib = 1024 * 1024
const tib = mib * mib

test('10,000 parts hold more than 1 TiB, and the first 5 GiB come in small ones', () => {
  let bytes = 0
  for (let number = 1; number <= 10_000; number += 1) bytes += growingPart(number, 5 * mib)
  expect(bytes).toBeGreaterThan(tib)
  expect(
    [1, 1000, 1001, 3000, 3001, 6000, 6001].map((at) => growingPart(at, 5 * mib) / mib),
  ).toEqual([5, 5, 16, 16, 64, 64, 256])
  expect(growingPart(1, 32 * mib)).toBe(32 * mib)
})

test('parts of one size are as small as the expected length allows', () => {
  expect(equalPart(0, 5 * mib)).toBe(5 * mib)
  expect(equalPart(40 * 1024 * mib, 5 * mib)).toBe(5 * mib)
  const large = equalPart(tib, 5 * mib)
  expect([large * 9000 >= tib, large % mib]).toEqual([true, 0])
})

test('an object is copied in ranges that cover it', () => {
  for (const size of [5 * mib, largestCopy, largestCopy + 1, 3 * largestCopy - 5]) {
    const ranges = copyRanges(size, null)
    expect(ranges[0]?.start).toBe(0)
    expect(ranges.at(-1)?.end).toBe(size)
    for (const [index, { start, end }] of ranges.entries()) {
      expect(end - start).toBeGreaterThanOrEqual(5 * mib)
      expect(end - start).toBeLessThanOrEqual(largestCopy)
      expect(start).toBe(ranges[index - 1]?.end ?? 0)
    }
  }
  // What does not fill a part is read.
  expect(copyRanges(12 * mib, 5 * mib).at(-1)?.end).toBe(10 * mib)
  expect(copyRanges(4 * mib, 5 * mib)).toEqual([])
})

test('keys are never made twice, and others are told from them', () => {
  const keys = Array.from({ length: 2000 }, freshKey)
  expect(new Set(keys).size).toBe(2000)
  expect(keys.every(isKey)).toBe(true)
  const [key = ''] = keys
  for (const odd of ['', '..', `../${key}`, `${key}x`, key.slice(1), key.toUpperCase()]) {
    expect(isKey(odd), odd).toBe(false)
  }
})

test('memory is granted in order, and too much of it to one alone', async () => {
  const budget = new ByteBudget(100)
  const order: string[] = []
  const take = (name: string, bytes: number): void => {
    const taken = budget.take(bytes)
    if (taken === undefined) order.push(name)
    else void taken.then(() => order.push(name))
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  take('a', 60)
  take('b', 60)
  take('c', 10)
  take('huge', 500)
  await settle()
  expect(order).toEqual(['a'])
  budget.give(60)
  await settle()
  expect(order).toEqual(['a', 'b', 'c'])
  budget.give(60)
  await settle()
  expect(order).toHaveLength(3)
  budget.give(10)
  await settle()
  expect(order).toEqual(['a', 'b', 'c', 'huge'])
  budget.give(500)
  expect(budget.used).toBe(0)
})

test('an upload does not wait for memory for ever, nor those behind it', async () => {
  const budget = new ByteBudget(100, 1)
  await budget.take(60)
  const large = budget.take(90)
  const small = budget.take(40)
  await expect(large).rejects.toMatchObject({ kind: 'unavailable' })
  await small
  expect(budget.used).toBe(100)
})

test('answers are read as they are', () => {
  const xml =
    '<L><KeyCount>1</KeyCount><Key>a&amp;b &lt;&#x1F600;&#38;</Key><Empty/><Key at="x">c</Key></L>'
  expect(elementsIn(xml, 'Key')).toEqual(['a&amp;b &lt;&#x1F600;&#38;', 'c'])
  expect(textIn(xml, 'Key')).toBe('a&b <\u{1f600}&')
  expect([textIn(xml, 'Empty'), textIn(xml, 'None'), textIn('<Key', 'Key')]).toEqual([
    null,
    null,
    null,
  ])
  expect(textIn(`<A>${escaped('"<&>"')}</A>`, 'A')).toBe('"<&>"')
})
