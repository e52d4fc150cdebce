import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { portableHash } from '../../src/memory/portable-hash.ts'

test.each(['sha256', 'sha512'] as const)(
  '%s is what node:crypto says, at every step',
  (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
        const portable = portableHash(algorithm)
        const native = createHash(algorithm)
        for (const chunk of chunks) {
          portable.update(chunk)
          native.update(chunk)
          const expected = native.copy().digest('hex')
          expect(portable.digest()).toBe(expected)
          expect(portable.digest()).toBe(expected)
        }
      }),
    )
  },
)

test('the hash of nothing', () => {
  expect(portableHash('sha256').digest()).toBe(createHash('sha256').digest('hex'))
})
