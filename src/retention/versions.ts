import { isVersion } from '../access/policy/tag-pattern.ts'
import { versionKey } from '../oci/tag-version.ts'

declare const versionBrand: unique symbol

/**
 * A version that a tag is, ready to be compared: `v1.2.3` and `1.2.3` are the same, and what follows an underscore
 * does not count (Semantic Versioning 2.0.0, section 11, where it is a plus).
 */
export type Version = string & { readonly [versionBrand]: true }

/** The version that a tag is; null where it is none. */
export function versionOf(tag: string): Version | null {
  return isVersion(tag) ? (versionKey(tag) as Version) : null
}

/** Less than none where `one` is the lower version, 0 where both are the same. */
export function compareVersions(one: Version, other: Version): number {
  return one < other ? -1 : one > other ? 1 : 0
}
