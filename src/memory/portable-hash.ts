import { bytesToHex } from '@noble/hashes/utils.js'
import type { DigestAlgorithm } from '../oci/digest.ts'
import type { InlineHash } from '../ports/streaming-hash.ts'
import { resumableHash } from './hash-state.ts'

/**
 * A hash that runs wherever JavaScript does, in plain JavaScript, and whose state can be saved. Several
 * times slower than a runtime's own, which adapters bring instead.
 */
export function portableHash(algorithm: DigestAlgorithm, saved?: Uint8Array): InlineHash {
  const state = resumableHash(algorithm, saved)
  return {
    update(bytes) {
      state.update(bytes)
    },
    digest() {
      // A digest ends a state, and this one has to go on.
      return bytesToHex(state.clone().digest())
    },
    save: () => state.save(),
  }
}
