import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flatCopy, packKey, unpackKey } from '../../src/metadata/packed-text.ts'
import { encodedOf } from '../../src/oci/digest.ts'
import { sampleDigest } from '../../src/testing/samples.ts'
import { runs } from '../sample.ts'

const digest = sampleDigest(1)
const hex = encodedOf(digest)

test('every key is unpacked as it was packed', () => {
  const piece = fc.oneof(fc.constantFrom(hex, '\0', '\0\0', '-', ''), fc.string())
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const key = pieces.join('')
      expect(unpackKey(packKey(key, digest), digest)).toBe(key)
    }),
    { numRuns: runs(1000) },
  )
})

test('different keys stay different when they are packed', () => {
  const keys = ['', '\0', '\0\0', '\0\0\0', hex, `\0${hex}`, `${hex}\0`, `a${hex}`, 'a\0', 'a']
  expect(new Set(keys.map((key) => packKey(key, digest))).size).toBe(keys.length)
})

test('a packed key does not say the digest again', () => {
  expect(packKey(`blobs/sha256/${hex}-0123456789abcdef`, digest)).toHaveLength(31)
  expect(packKey('segments/1:2:3', digest)).toBe('segments/1:2:3')
})

test('a copy is the same text', () => {
  for (const text of ['', 'a', 'ab', 'a longer text']) expect(flatCopy(text)).toBe(text)
})
