import { globMatcher } from './glob.ts'
import type { PatternProblem } from './repository-pattern.ts'

/** A pattern for tags: text in which `*` stands for any characters, or `semver`. */
export interface TagPattern {
  /** As it is written. */
  readonly text: string
  readonly matches: (tag: string) => boolean
  /** Whether there is a tag that it matches. */
  readonly isPossible: boolean
}

const longestTag = 128

/** Parses a tag pattern. `semver` stands for versions such as `1.2.3`, `v1.2.3` and `1.2.3-rc.1`. */
export function parseTagPattern(text: string): TagPattern | PatternProblem {
  if (text === 'semver') return { text, matches: isVersion, isPossible: true }
  if (text === '') return { problem: 'is empty; * stands for every tag' }
  if (text.length > 2 * longestTag) {
    return { problem: `has ${text.length} characters, and a tag has ${longestTag} at most` }
  }
  const wrong = /[^A-Za-z0-9_.*-]/u.exec(text)?.[0]
  if (wrong !== undefined) {
    const wildcard = '?[]!+^$()|\\'.includes(wrong) ? '; the only wildcard is *' : ''
    return { problem: `no tag has "${wrong}"${wildcard}` }
  }
  if (text.includes('**')) return { problem: 'a tag has no segments, so write * instead of **' }
  const isPossible = /^[A-Za-z0-9_*]/.test(text) && text.replaceAll('*', '').length <= longestTag
  return { text, matches: globMatcher(text), isPossible }
}

const number = '(?:0|[1-9][0-9]*)'
const identifier = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
/** Semantic Versioning 2.0.0, with a `v` or without. A tag has no `+`: Helm writes `_` for it. */
const version: RegExp = new RegExp(
  `^v?${number}\\.${number}\\.${number}(?:-${identifier}(?:\\.${identifier})*)?(?:_[0-9A-Za-z.-]+)?$`,
)

/** Whether a tag is a version of three numbers, with what may follow them. */
export function isVersion(tag: string): boolean {
  return tag.length <= longestTag && version.test(tag)
}
