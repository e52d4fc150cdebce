import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeHash } from '../../adapters/disk/node-hash.ts'

describe('nodeHash', () => {
  test.each(['sha256', 'sha512'] as const)(
    '%s: the digest so far can be asked again and again',
    (algorithm) => {
      const bytes = Buffer.from('a layer in two pieces')
      const hash = nodeHash(algorithm)
      hash.update(bytes.subarray(0, 7))
      expect(hash.digest()).toBe(createHash(algorithm).update(bytes.subarray(0, 7)).digest('hex'))
      expect(hash.digest()).toBe(hash.digest())
      hash.update(bytes.subarray(7))
      expect(hash.digest()).toBe(createHash(algorithm).update(bytes).digest('hex'))
    },
  )
})
