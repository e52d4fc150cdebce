import { type Digest, parseDigest } from '../oci/digest.ts'

const following = /^(sha256|sha512)-([0-9a-f]{64}|[0-9a-f]{128})(?:\.[\w.-]+)?$/

/**
 * The manifest that a tag belongs to by its name: `sha256-<hex>`, which clients set where a registry has no list of
 * referrers, and `sha256-<hex>.sig` and the like, as cosign names signatures. Null for every other tag.
 */
export function followedBy(tag: string): Digest | null {
  const [, algorithm, hex] = following.exec(tag) ?? []
  return algorithm === undefined ? null : parseDigest(`${algorithm}:${hex}`)
}

/** Whether a pattern is meant for such tags. */
export function isFollowingPattern(pattern: string): boolean {
  return /^sha(?:256|512)-/.test(pattern)
}
