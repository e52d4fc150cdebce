/** One text, or several. */
export type OneOrMore<T> = T | readonly T[]

/** A time such as `30d`: a number and `s`, `m`, `h`, `d` or `w`. */
export type DurationText = string

/**
 * A retention policy as it is written, in a file or in code. Only a rule with `delete` deletes. What any rule keeps
 * stays, whatever the others say, so their order does not matter.
 */
export interface RetentionDocument {
  readonly rules: readonly RetentionRuleDocument[]
}

/** A rule. It is about tags, untagged manifests or empty repositories, and has `keep`, `delete` or both. */
export type RetentionRuleDocument = TagRuleDocument | UntaggedRuleDocument | EmptyRuleDocument

/** What all rules have. */
interface RepositoriesDocument {
  /** For explanations and logs. */
  readonly name?: string
  /** Patterns, as in an access policy: `*` within a segment, `**` across segments. */
  readonly repositories: OneOrMore<string>
  /** Repositories that it is not about. */
  readonly exceptRepositories?: OneOrMore<string>
}

/** A rule about tags. */
export interface TagRuleDocument extends RepositoriesDocument {
  /** Patterns: text in which `*` stands for any characters, or `semver`. */
  readonly tags: OneOrMore<string>
  /** Tags that it is not about. */
  readonly exceptTags?: OneOrMore<string>
  /** Tags that stay: all, or those of which one of these is so. */
  readonly keep?: 'all' | KeepTagsDocument
  /** Tags that go, unless a rule keeps them: all, all `others` beside those kept here, or those of which all of these is so. */
  readonly delete?: 'all' | 'others' | DeleteTagsDocument
}

/** Which tags stay. */
export interface KeepTagsDocument {
  /** So many that were pushed last, of all that the rule is about in a repository. */
  readonly newest?: number
  /** So many of the highest versions (Semantic Versioning). Tags that are no versions are not counted. */
  readonly newestVersions?: number
  /** Those that were set within this time. */
  readonly pushedWithin?: DurationText
  /** Those whose manifest was pulled, or that were set, within this time. */
  readonly pulledWithin?: DurationText
}

/** Which tags go. */
export interface DeleteTagsDocument {
  /** Those that were set longer ago. */
  readonly olderThan?: DurationText
  /** Those whose manifest was not pulled for so long, and that were not set meanwhile. */
  readonly notPulledFor?: DurationText
}

/** A rule about manifests that have no tag, that no index names, and that refer to no manifest there is. */
export interface UntaggedRuleDocument extends RepositoriesDocument {
  readonly untagged: true
  readonly keep?: 'all' | KeepUntaggedDocument
  readonly delete?: DeleteUntaggedDocument
}

/** Which untagged manifests stay. */
export interface KeepUntaggedDocument {
  /** Those that were pushed, or lost their last tag, within this time. */
  readonly pushedWithin?: DurationText
  /** Those that were pulled, pushed, or lost their last tag, within this time. */
  readonly pulledWithin?: DurationText
}

/** Which untagged manifests go. */
export interface DeleteUntaggedDocument {
  /** Those that were pushed, and lost their last tag, longer ago. A manifest is untagged before its tag or index comes. */
  readonly olderThan: DurationText
  readonly notPulledFor?: DurationText
}

/** A rule about repositories that hold nothing. */
export interface EmptyRuleDocument extends RepositoriesDocument {
  readonly empty: true
  readonly delete: 'all'
}
