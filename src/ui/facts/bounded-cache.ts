import type { Digest } from '../../oci/digest.ts'

/** Values by digest, at most so many: the one that was asked for longest ago makes way. */
export interface BoundedCache<T> {
  get(digest: Digest): T | undefined
  put(digest: Digest, value: T): void
}

/** @param most values that are kept */
export function boundedCache<T>(most: number): BoundedCache<T> {
  const values: Map<Digest, T> = new Map()
  return {
    get(digest) {
      const value = values.get(digest)
      if (value === undefined) return undefined
      // The order of a map is that of insertion.
      values.delete(digest)
      values.set(digest, value)
      return value
    },
    put(digest, value) {
      values.delete(digest)
      values.set(digest, value)
      if (values.size <= most) return
      const { value: oldest } = values.keys().next()
      if (oldest !== undefined) values.delete(oldest)
    },
  }
}
