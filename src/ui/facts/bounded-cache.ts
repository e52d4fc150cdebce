import type { Digest } from '../../oci/digest.ts'

/** Values by digest, bounded by what they weigh together: the one that was asked for longest ago makes way. */
export interface BoundedCache<T> {
  get(digest: Digest): T | undefined
  put(digest: Digest, value: T, weight: number): void
}

/**
 * @param most weight of all values together; one that has a sixteenth of it by itself is not kept
 */
export function boundedCache<T>(most: number): BoundedCache<T> {
  const kept: Map<Digest, { readonly value: T; readonly weight: number }> = new Map()
  let total = 0
  const drop = (digest: Digest): void => {
    total -= kept.get(digest)?.weight ?? 0
    kept.delete(digest)
  }
  return {
    get(digest) {
      const found = kept.get(digest)
      if (found === undefined) return undefined
      // The order of a map is that of insertion.
      kept.delete(digest)
      kept.set(digest, found)
      return found.value
    },
    put(digest, value, weight) {
      drop(digest)
      if (weight > most / 16) return
      kept.set(digest, { value, weight })
      total += weight
      for (const oldest of kept.keys()) {
        if (total <= most) return
        drop(oldest)
      }
    },
  }
}
