import type { Digest } from '../../../src/index.ts'
import { algorithmOf, digestOf, encodedOf } from '../../../src/kit.ts'

/** The algorithms, the byte that stands for each, and how many digits its hashes have; sorted. */
const algorithms = [
  { algorithm: 'sha256', code: '01', digits: 64 },
  { algorithm: 'sha512', code: '02', digits: 128 },
] as const

/** A digest as the tables have it, in hex: `decode($1, 'hex')` makes the column's bytes of it. */
export function hexOfDigest(digest: Digest): string {
  return `${algorithmOf(digest) === 'sha256' ? '01' : '02'}${encodedOf(digest)}`
}

/** The digest of a column, given as `encode(digest, 'hex')`. */
export function digestOfHex(hex: string): Digest {
  return digestOf(hex.startsWith('01') ? 'sha256' : 'sha512', hex.slice(2))
}

/** The digests of a column that has them one after the other. */
export function digestsOfHex(hex: string): Digest[] {
  const digests: Digest[] = []
  for (let at = 0; at < hex.length; ) {
    const end = at + 2 + (hex.startsWith('01', at) ? 64 : 128)
    digests.push(digestOfHex(hex.slice(at, end)))
    at = end
  }
  return digests
}

/** The least bytes, in hex, of the digests whose text comes after `after`, which may be any text. */
export function hexAfter(after: string | undefined): string {
  if (after === undefined) return ''
  for (const { algorithm, code, digits } of algorithms) {
    const prefix = `${algorithm}:`
    if (after < prefix) return code
    if (!after.startsWith(prefix)) continue
    const hash = hashAfter(after.slice(prefix.length), digits)
    if (hash !== null) return code + hash
  }
  return 'ff'
}

/** The least hash, in hex, of those that come after a text; null where none does. */
function hashAfter(text: string, digits: number): string | null {
  const [hex = ''] = /^[0-9a-f]*/.exec(text.slice(0, digits)) ?? []
  if (hex.length === digits) return `${hex}00`
  const next = text[hex.length]
  if (next === undefined) return even(hex)
  if (next < '0') return even(`${hex}0`)
  if (next < 'a') return even(`${hex}a`)
  const counted = hex.replace(/f+$/, '')
  const last = counted.at(-1)
  if (last === undefined) return null
  return even(counted.slice(0, -1) + (Number.parseInt(last, 16) + 1).toString(16))
}

function even(hex: string): string {
  return hex.length % 2 === 0 ? hex : `${hex}0`
}
