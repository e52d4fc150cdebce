import type { PolicyFinding } from '../access/policy/read-policy.ts'
import type { TagPattern } from '../access/policy/tag-pattern.ts'

/** A retention policy that was read and is right. {@link parseRetention} makes it. */
export interface RetentionPolicy {
  readonly rules: readonly RetentionRule[]
}

/** What a rule is about. */
export type RuleSubject = 'tags' | 'untagged' | 'empty'

/** A rule that was read. Times in milliseconds. */
export interface RetentionRule {
  /** Where it stands, with its name: `rules[2] "nightly builds"`. */
  readonly label: string
  readonly about: RuleSubject
  readonly isAbout: (repository: string) => boolean
  /** Of a rule about tags. */
  readonly tags: readonly TagPattern[]
  readonly exceptTags: readonly TagPattern[]
  /** Null where it keeps nothing. */
  readonly keep: 'all' | Keeping | null
  /** Null where it deletes nothing. */
  readonly delete: 'all' | Deleting | null
}

/** One of these keeps. */
export interface Keeping {
  readonly newest?: number
  readonly newestVersions?: number
  readonly pushedWithin?: number
  readonly pulledWithin?: number
}

/** All of these together delete. */
export interface Deleting {
  readonly olderThan?: number
  readonly notPulledFor?: number
}

/** What came of reading a policy. */
export interface RetentionReading {
  /** Null where there is a problem: then nothing is deleted. */
  readonly policy: RetentionPolicy | null
  readonly problems: readonly PolicyFinding[]
  /** What may not be meant. */
  readonly warnings: readonly PolicyFinding[]
}

/** Whether a rule is about a tag. */
export function coversTag(rule: RetentionRule, tag: string): boolean {
  return (
    rule.tags.some(({ matches }) => matches(tag)) &&
    !rule.exceptTags.some(({ matches }) => matches(tag))
  )
}
