import { crc32 as nativeCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32, crcText } from '../../src/metadata/crc32.ts'

test('has the check value of the CRC catalogue', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  expect(crc32(new Uint8Array(0))).toBe(0)
})

test('is that of zlib, in one piece and in several', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      expect(crc32(bytes)).toBe(nativeCrc32(bytes))
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(nativeCrc32(bytes))
    }),
  )
})

test('is written with all its digits', () => {
  expect(crcText(0xab)).toBe('000000ab')
  expect(crcText(0xffffffff)).toBe('ffffffff')
})
