import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sipHasher } from '../../src/access/siphash.ts'
import { runs } from '../sample.ts'

/** SipHash-2-4 with 128 bits, step by step as its paper has it. */
function reference(key: Uint8Array, bytes: Uint8Array): string {
  const mask = (1n << 64n) - 1n
  const word = (from: Uint8Array, at: number): bigint =>
    [...from.subarray(at, at + 8)].reduce(
      (sum, byte, n) => sum | (BigInt(byte) << BigInt(8 * n)),
      0n,
    )
  const rotated = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & mask
  const [k0, k1] = [word(key, 0), word(key, 8)]
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const round = (): void => {
    v0 = (v0 + v1) & mask
    v1 = rotated(v1, 13n) ^ v0
    v0 = rotated(v0, 32n)
    v2 = (v2 + v3) & mask
    v3 = rotated(v3, 16n) ^ v2
    v0 = (v0 + v3) & mask
    v3 = rotated(v3, 21n) ^ v0
    v2 = (v2 + v1) & mask
    v1 = rotated(v1, 17n) ^ v2
    v2 = rotated(v2, 32n)
  }
  const whole = bytes.length - (bytes.length % 8)
  const take = (m: bigint): void => {
    v3 ^= m
    round()
    round()
    v0 ^= m
  }
  for (let at = 0; at < whole; at += 8) take(word(bytes, at))
  take(word(bytes, whole) | (BigInt(bytes.length & 0xff) << 56n))
  const half = (): string => {
    for (let n = 0; n < 4; n++) round()
    const out = v0 ^ v1 ^ v2 ^ v3
    return [0, 1, 2, 3, 4, 5, 6, 7]
      .map((n) =>
        Number((out >> BigInt(8 * n)) & 0xffn)
          .toString(16)
          .padStart(2, '0'),
      )
      .join('')
  }
  v2 ^= 0xeen
  const first = half()
  v1 ^= 0xddn
  return first + half()
}

function hexOf(hash: string): string {
  const units = [...Array(hash.length).keys()].map((at) => hash.charCodeAt(at))
  return units
    .flatMap((unit) => [unit & 0xff, unit >> 8])
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const counted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at)

it.each([
  [0, 'a3817f04ba25a8e66df67214c7550293'],
  [1, 'da87c1d86b99af44347659119b22fc45'],
])('gives the published hash of %i bytes', (length, hash) => {
  expect(hexOf(sipHasher(counted(16))(text(counted(length))))).toBe(hash)
  expect(reference(counted(16), counted(length))).toBe(hash)
})

it('is the same as its description, whatever the key and text', () => {
  const bytes = (length: object): fc.Arbitrary<Uint8Array> => fc.uint8Array(length)
  fc.assert(
    fc.property(
      bytes({ minLength: 16, maxLength: 16 }),
      bytes({ maxLength: 600 }),
      (key, input) => {
        expect(hexOf(sipHasher(key)(text(input)))).toBe(reference(key, input))
      },
    ),
    { numRuns: runs(300) },
  )
})
