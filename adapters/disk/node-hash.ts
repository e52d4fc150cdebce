import { createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../../src/index.ts'
import type { InlineHash } from '../../src/kit.ts'

/** The hashes of `node:crypto`, ten times as fast as the portable ones, on Node, Bun and Deno alike. */
export function nodeHash(algorithm: DigestAlgorithm): InlineHash {
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
