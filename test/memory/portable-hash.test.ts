import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { portableHash } from '../../src/memory/portable-hash.ts'

const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })

describe.each(['sha256', 'sha512'] as const)('%s', (algorithm) => {
  test('is what node:crypto says, at every step', () => {
    fc.assert(
      fc.property(chunks, (pieces) => {
        const portable = portableHash(algorithm)
        const native = createHash(algorithm)
        for (const piece of pieces) {
          portable.update(piece)
          native.update(piece)
          const expected = native.copy().digest('hex')
          expect(portable.digest()).toBe(expected)
          expect(portable.digest()).toBe(expected)
        }
      }),
    )
  })

  test('goes on from a saved state, which stays as it was', () => {
    fc.assert(
      fc.property(chunks, (pieces) => {
        const native = createHash(algorithm)
        let portable = portableHash(algorithm)
        for (const piece of pieces) {
          portable.update(piece)
          native.update(piece)
          const saved = portable.save?.()
          const copy = saved?.slice()
          portable.update(new Uint8Array([1, 2, 3]))
          portable = portableHash(algorithm, saved)
          expect(saved).toEqual(copy)
          expect(portable.digest()).toBe(native.copy().digest('hex'))
        }
      }),
    )
  })

  test('goes on after more bytes than 32 bits count', () => {
    // The count stands behind the words of the state: as if 2^40 bytes had been hashed.
    const saved = portableHash(algorithm).save?.() ?? new Uint8Array()
    new DataView(saved.buffer).setBigUint64(saved.byteLength - 8, 2n ** 40n)
    const again = portableHash(algorithm, saved).save?.()
    expect(again).toEqual(saved)
    expect(portableHash(algorithm, saved).digest()).not.toBe(portableHash(algorithm).digest())
  })

  test('refuses what is not a state', () => {
    const hash = portableHash(algorithm)
    hash.update(new Uint8Array(70))
    const saved = hash.save?.() ?? new Uint8Array()
    const bad = [saved.subarray(1), saved.subarray(0, -1), new Uint8Array(0), new Uint8Array(300)]
    bad[3]?.fill(255)
    for (const each of bad) {
      expect(() => portableHash(algorithm, each)).toThrow('not the state of a hash')
    }
    const other = algorithm === 'sha256' ? 'sha512' : 'sha256'
    expect(() => portableHash(other, saved)).toThrow('not the state of a hash')
  })
})

test('the hash of nothing', () => {
  expect(portableHash('sha256').digest()).toBe(createHash('sha256').digest('hex'))
})
