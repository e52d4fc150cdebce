import { expect, test } from 'vitest'
import { median, percentile, ratio, summarise } from '../../bench/figures.mjs'

test('the median is the middle value, or the mean of the middle two', () => {
  expect(median([9, 1, 10])).toBe(9)
  expect(median([4, 1, 10, 2])).toBe(3)
  expect(median([])).toBe(null)
})

test('a percentile is a value that was measured, ordered as numbers', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentile(values, 0.5)).toBe(50)
  expect(percentile(values, 0.99)).toBe(99)
  expect(percentile(values, 1)).toBe(100)
  expect(percentile([9, 10], 0.99)).toBe(10)
  expect(percentile([7], 0)).toBe(7)
  expect(percentile([], 0.5)).toBe(null)
})

test('a summary has the median of each figure', () => {
  const rounds = [
    { rate: 1, p99Ms: 30, serverCpuSeconds: null },
    { rate: 3, p99Ms: 10, serverCpuSeconds: null },
    { rate: 2, p99Ms: 20, serverCpuSeconds: null },
  ]
  expect(summarise(rounds)).toEqual({ rate: 2, p99Ms: 20, serverCpuSeconds: null })
})

test('one failed round fails the cell', () => {
  expect(summarise([{ rate: 1 }, { failed: 'POST was answered 500' }])).toEqual({
    failed: 'POST was answered 500',
  })
})

test('a ratio is the median of the rounds’ own, not the ratio of the medians', () => {
  const rounds = [{ rate: 10 }, { rate: 200 }, { rate: 30 }]
  const other = [{ rate: 5 }, { rate: 100 }, { rate: 10 }]
  expect(ratio(rounds, other)).toBe(2)
})

test('the ratio is null where a round of either failed', () => {
  expect(ratio([{ rate: 10 }, { failed: 'x' }], [{ rate: 5 }, { rate: 5 }])).toBe(null)
  expect(ratio([{ rate: 10 }, { rate: 10 }], [{ rate: 5 }, { failed: 'x' }])).toBe(null)
})
