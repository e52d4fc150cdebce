import { expect, test } from 'vitest'
import { allocatedBytes } from '../../bench/allocations.mjs'
import { costLine, dearer, isBusy, isComparable, lowest } from '../../bench/guard-verdict.mjs'

const cost = (units: number): { units: number; own: number } => ({ units, own: units * 10 })

test('an operation is dearer from 1.3 times its baseline on, and one without a baseline never is', () => {
  const baseline = { get: cost(2), push: cost(10) }
  const costs = new Map([
    ['get', cost(2.59)],
    ['push', cost(13.1)],
    ['new', cost(99)],
  ])
  expect(dearer(costs, baseline)).toEqual(['push'])
})

test('of several tries the cheapest counts, and a try may leave operations out', () => {
  const first = new Map([
    ['get', cost(4)],
    ['push', cost(10)],
  ])
  expect(lowest(first, new Map([['get', cost(3)]]))).toEqual(
    new Map([
      ['get', cost(3)],
      ['push', cost(10)],
    ]),
  )
  expect(lowest(new Map(), first)).toEqual(first)
})

test('a machine is busy once others take more than a quarter of a processor', () => {
  expect([0, 0.2, 0.3, 2].map(isBusy)).toEqual([false, false, true, true])
})

test('a baseline says nothing about another major version of its runtime', () => {
  expect(isComparable('20.20.2', '20.19.0')).toBe(true)
  expect(isComparable('20.20.2', '26.0.0')).toBe(false)
})

test('a line says what an operation costs, and how that stands to its baseline', () => {
  expect(costLine('get', cost(3), cost(2), 'µs')).toBe(
    'get: 3.00 bare GETs (30.0 µs), 1.50 of the baseline, over the limit of 1.3',
  )
  expect(costLine('get', cost(2.1), cost(2), 'µs')).toBe(
    'get: 2.10 bare GETs (21.0 µs), 1.05 of the baseline',
  )
  expect(costLine('get', cost(20), undefined, 'bytes')).toContain('does not have it')
})

test('allocations are what the heap grew by between collections, in the words of both versions of V8', () => {
  const text = [
    '[1:0x1]  4 ms: pause=0.1 gc=s total_size_before=900 total_size_after=100 allocated=7',
    'some other line',
    '[1:0x1]  5 ms: pause=0.1 gc=s total_size_before=1100 total_size_after=600 allocated=9999',
    '[1:0x1]  6 ms: pause=0.1 gc=s total_size_before=500 total_size_after=400 allocated=9999',
    '[1:0x1]  7 ms: GC: {"gc":"s","start_object_size":1400,"end_object_size":300,"allocated":9999}',
  ]
  expect(allocatedBytes(text.join('\n'))).toEqual({ bytes: 2000, collections: 3 })
  expect(allocatedBytes('')).toEqual({ bytes: 0, collections: 0 })
})
