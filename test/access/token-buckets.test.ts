import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRate, TokenBuckets } from '../../src/access/token-buckets.ts'
import { fakeClock } from '../../src/testing/index.ts'

describe('a token bucket', () => {
  test('gives its burst at once, and then as many as come in', () => {
    const clock = fakeClock()
    const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, clock.now)
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 500])
    clock.advance(499)
    expect(buckets.take('a')).toBe(1)
    clock.advance(1)
    expect(buckets.take('a')).toBe(0)
    expect(buckets.take('a')).toBe(500)
  })

  test('holds no more than its burst, however long nobody comes', () => {
    const clock = fakeClock()
    const buckets = new TokenBuckets({ perSecond: 1, burst: 2 }, clock.now)
    buckets.take('a')
    clock.advance(1_000_000)
    expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 1000])
  })

  test('is apart from those of other keys', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, fakeClock().now)
    expect(['a', 'b', 'a'].map((key) => buckets.take(key))).toEqual([0, 0, 1000])
  })

  test('has a token again that was put back', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, fakeClock().now)
    buckets.take('a')
    buckets.giveBack('a')
    buckets.giveBack('unknown')
    expect(buckets.take('a')).toBe(0)
    expect(buckets.take('a')).toBe(1000)
  })

  test('is forgotten when too many others were used since', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, fakeClock().now)
    buckets.take('kept')
    buckets.take('forgotten')
    for (let other = 0; other < 20_000; other += 1) {
      // One that is refused is used too.
      if (other % 1000 === 0) expect(buckets.take('kept')).toBeGreaterThan(0)
      buckets.take(`other ${other}`)
    }
    expect(buckets.size).toBeLessThanOrEqual(16_384)
    expect(buckets.take('forgotten')).toBe(0)
    expect(buckets.take('kept')).toBeGreaterThan(0)
  })

  test('never gives more than its rate allows, nor refuses what it allows', () => {
    const step = fc.record({ wait: fc.nat(3000), takes: fc.integer({ min: 1, max: 6 }) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 30 }),
        (perSecond, burst, steps) => {
          const clock = fakeClock()
          const buckets = new TokenBuckets({ perSecond, burst }, clock.now)
          let level = burst
          for (const { wait, takes } of steps) {
            clock.advance(wait)
            level = Math.min(burst, level + (wait * perSecond) / 1000)
            for (let take = 0; take < takes; take += 1) {
              const isThere = level > 1 - 1e-6
              expect(buckets.take('a') === 0).toBe(isThere)
              if (isThere) level -= 1
            }
          }
        },
      ),
    )
  })
})

test('what is no rate is refused by the name of what it was for', () => {
  for (const rate of [
    { perSecond: 0, burst: 1 },
    { perSecond: Number.NaN, burst: 1 },
    { perSecond: Number.POSITIVE_INFINITY, burst: 1 },
    { perSecond: 1, burst: 0 },
    { perSecond: 1, burst: Number.NaN },
  ]) {
    expect(() => checkRate(rate, 'the thing')).toThrow(/^the thing: /)
  }
})
