import { isVersion } from '../access/policy/tag-pattern.ts'

/**
 * A version that a tag is, ready to be compared: `v1.2.3` and `1.2.3` are the same, and what follows an underscore
 * does not count (Semantic Versioning 2.0.0, section 11, where it is a plus).
 */
export interface Version {
  readonly numbers: readonly [bigint, bigint, bigint]
  /** Empty for a release. */
  readonly before: readonly string[]
}

/** The version that a tag is; null where it is none. */
export function versionOf(tag: string): Version | null {
  if (!isVersion(tag)) return null
  const [text = ''] = tag.replace(/^v/, '').split('_')
  const dash = text.indexOf('-')
  const release = dash === -1 ? text : text.slice(0, dash)
  const [major = '0', minor = '0', patch = '0'] = release.split('.')
  return {
    numbers: [BigInt(major), BigInt(minor), BigInt(patch)],
    before: dash === -1 ? [] : text.slice(dash + 1).split('.'),
  }
}

/** Less than none where `one` is the lower version, 0 where both are the same. */
export function compareVersions(one: Version, other: Version): number {
  for (const [at, number] of one.numbers.entries()) {
    const second = other.numbers[at] ?? 0n
    if (number !== second) return number < second ? -1 : 1
  }
  // A version with something after the dash comes before the one without.
  if (one.before.length === 0 || other.before.length === 0) {
    return Math.sign(other.before.length - one.before.length)
  }
  for (const [at, part] of one.before.entries()) {
    const second = other.before[at]
    if (second === undefined) return 1
    const order = comparePart(part, second)
    if (order !== 0) return order
  }
  return one.before.length === other.before.length ? 0 : -1
}

/** Numbers by their value and before words; words in byte order. */
function comparePart(one: string, other: string): number {
  const [isNumber, isOther] = [/^\d+$/.test(one), /^\d+$/.test(other)]
  if (isNumber !== isOther) return isNumber ? -1 : 1
  if (!isNumber) return one < other ? -1 : one > other ? 1 : 0
  const [first, second] = [BigInt(one), BigInt(other)]
  return first < second ? -1 : first > second ? 1 : 0
}
