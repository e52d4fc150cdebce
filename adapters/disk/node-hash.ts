import { createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../../src/index.ts'
import { type InlineHash, portableHash } from '../../src/kit.ts'

/**
 * The hashes of `node:crypto`, ten times as fast as the portable ones, on Node, Bun and Deno alike. They cannot be
 * saved: where that is asked for, it is a portable one.
 */
export function nodeHash(
  algorithm: DigestAlgorithm,
  saved?: Uint8Array,
  _expected?: number,
  savable = false,
): InlineHash {
  if (savable || saved !== undefined) return portableHash(algorithm, saved)
  const hash = createHash(algorithm)
  return {
    update(bytes: Uint8Array): void {
      hash.update(bytes)
    },
    // A copy is digested, because a digest ends the hash and feeding may go on.
    digest(): string {
      return hash.copy().digest('hex')
    },
  }
}
