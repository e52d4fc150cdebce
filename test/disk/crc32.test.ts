import { crc32 as native } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from '../../adapters/disk/crc32.ts'

test.each([0, 1, 1023, 1024, 1025, 70_000])(
  'the checksum of %i bytes is that of node:zlib',
  (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >>> 8)) & 255)
    expect(crc32(bytes)).toBe(native(bytes))
    expect(crc32(bytes, 0xdeadbeef)).toBe(native(bytes, 0xdeadbeef))
  },
)

test('texts are checked as UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), fc.nat(), (text, before) => {
      expect(crc32(text, before)).toBe(native(text, before))
    }),
  )
})
