import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { HashFactory } from '../ports/streaming-hash.ts'

const constructors = { sha256, sha512 }

/**
 * A hash that runs wherever JavaScript does, in plain JavaScript: several times slower than a
 * runtime's own, which adapters bring instead.
 */
export const portableHash: HashFactory = (algorithm) => {
  const state = constructors[algorithm].create()
  return {
    update(bytes) {
      state.update(bytes)
    },
    digest() {
      // Taking a digest ends a state, and this one has to go on.
      return bytesToHex(state.clone().digest())
    },
  }
}
