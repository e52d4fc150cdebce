import { createHash } from 'node:crypto'
import type { HashFactory } from 'layerdock/kit'

/** The runtime's own hash, many times faster than the portable one. Needs `nodejs_compat`. */
export const nativeHash: HashFactory = (algorithm) => {
  const hash = createHash(algorithm)
  return {
    update(bytes) {
      hash.update(bytes)
    },
    digest: () => hash.copy().digest('hex'),
  }
}
