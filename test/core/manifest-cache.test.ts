import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manifestCache } from '../../src/core/manifest-cache.ts'
import { sampleDigest } from '../../src/testing/index.ts'

const bytesOf = (size: number): Uint8Array => new Uint8Array(size).fill(7)

describe('the cache of manifests', () => {
  test('gives back what was put in', () => {
    const cache = manifestCache(10_000)
    const bytes = bytesOf(100)
    expect(cache.get(sampleDigest(1))).toBeNull()
    cache.put(sampleDigest(1), bytes)
    expect(cache.get(sampleDigest(1))).toEqual(bytes)
    expect(cache.get(sampleDigest(2))).toBeNull()
  })

  test('lets go of what was used least lately', () => {
    const cache = manifestCache(4000)
    for (const number of [1, 2, 3]) cache.put(sampleDigest(number), bytesOf(1000))
    cache.get(sampleDigest(1))
    cache.put(sampleDigest(4), bytesOf(1000))
    expect(cache.get(sampleDigest(2))).toBeNull()
    for (const number of [1, 3, 4]) expect(cache.get(sampleDigest(number))).not.toBeNull()
  })

  test('takes nothing larger than its budget, and nothing at all without one', () => {
    const cache = manifestCache(1000)
    cache.put(sampleDigest(1), bytesOf(100))
    cache.put(sampleDigest(2), bytesOf(1001))
    expect(cache.get(sampleDigest(1))).not.toBeNull()
    expect(cache.get(sampleDigest(2))).toBeNull()
    const none = manifestCache(0)
    none.put(sampleDigest(1), bytesOf(0))
    expect(none.get(sampleDigest(1))).toBeNull()
  })

  test('does not keep a whole network buffer alive for the few bytes of it that are a manifest', () => {
    const cache = manifestCache(1_000_000)
    const buffer = bytesOf(64 * 1024)
    cache.put(sampleDigest(1), buffer.subarray(100, 600))
    const kept = cache.get(sampleDigest(1))
    expect(kept).toEqual(bytesOf(500))
    expect(kept?.buffer.byteLength).toBeLessThan(1024)
  })

  test('never holds more than its budget', () => {
    const step = fc.record({ put: fc.boolean(), number: fc.nat(12), size: fc.nat(900) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const cache = manifestCache(3000)
        const sizes = new Map<number, number>()
        for (const { put, number, size } of steps) {
          const known = cache.get(sampleDigest(number))
          if (known !== null) expect(known.byteLength).toBe(sizes.get(number))
          if (!put || known !== null) continue
          cache.put(sampleDigest(number), bytesOf(size))
          sizes.set(number, size)
          expect(cache.get(sampleDigest(number))?.byteLength).toBe(size)
        }
        const held = [...sizes.keys()].flatMap((number) => cache.get(sampleDigest(number)) ?? [])
        expect(held.reduce((sum, bytes) => sum + bytes.byteLength, 0)).toBeLessThanOrEqual(3000)
      }),
    )
  })
})
