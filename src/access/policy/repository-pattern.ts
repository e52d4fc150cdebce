import { longestRepositoryName, parseRepositoryName } from '../../oci/repository-name.ts'
import { globMatcher } from './glob.ts'

/** A place in a pattern that stands for something of the caller: `{user}`, `{claim.repository_owner:lower}`. */
export interface Placeholder {
  /** The claim it stands for; null for the caller's own name. */
  readonly claim: string | null
  /** Whether the value may be several segments, as `acme/app` is. */
  readonly isPath: boolean
  /** Whether the value is turned into lower case. */
  readonly isLower: boolean
  /** As it is written, with its braces. */
  readonly text: string
}

/** A pattern for names of repositories. */
export interface RepositoryPattern {
  /** As it is written. */
  readonly text: string
  /** Its text, cut at the placeholders. */
  readonly pieces: ReadonlyArray<string | Placeholder>
}

/** What is wrong with a pattern, in words that say what to write instead. */
export interface PatternProblem {
  readonly problem: string
}

const longestPattern = 1024

/**
 * Parses a repository pattern. `*` stands for a part of a segment, and `**`, as a segment of its own, for any
 * number of segments; at the end of a pattern for at least one. `{user}` and `{claim.NAME}` stand for what the
 * caller is called, one segment or a part of it; `{claim.NAME:path}` for several segments.
 */
export function parseRepositoryPattern(text: string): RepositoryPattern | PatternProblem {
  if (text === '') return { problem: 'is empty; ** stands for every repository' }
  if (text.length > longestPattern) {
    return { problem: `has ${text.length} characters, and may have ${longestPattern}` }
  }
  const pieces: Array<string | Placeholder> = []
  for (const [index, piece] of text.split(/(\{[^{}]*\})/).entries()) {
    // What the expression captures stands at odd places.
    if (index % 2 === 0) {
      if (piece !== '') pieces.push(piece)
      continue
    }
    const placeholder = parsePlaceholder(piece)
    if ('problem' in placeholder) return placeholder
    pieces.push(placeholder)
  }
  // A value is a legal part of a name, so any legal part can stand for it here.
  const sample = pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('')
  const problem = problemOf(sample)
  return problem === null ? { text, pieces } : { problem }
}

function parsePlaceholder(text: string): Placeholder | PatternProblem {
  const [, name = '', modifiers = ''] = /^\{(.*?)((?::lower|:path)*)\}$/.exec(text) ?? []
  const isPath = modifiers.includes(':path')
  const isLower = modifiers.includes(':lower')
  if (name === 'user') {
    if (!isPath) return { claim: null, isPath, isLower, text }
    return { problem: `${text}: the name of a user is one segment: {user}` }
  }
  const claim = name.startsWith('claim.') ? name.slice('claim.'.length) : ''
  if (claim !== '') return { claim, isPath, isLower, text }
  return { problem: `${text} stands for nothing: write {user} or {claim.NAME}` }
}

/** What is wrong with a pattern that has no placeholders; null for nothing. */
function problemOf(text: string): string | null {
  const wrong = /[^a-z0-9._/*-]/u.exec(text)?.[0]
  if (wrong !== undefined) {
    if (/[A-Z]/.test(wrong)) {
      return `names of repositories are lower case: "${text.toLowerCase()}"`
    }
    const wildcards = '?[]!+'.includes(wrong) ? '; the only wildcards are * and **' : ''
    return `no name of a repository has "${wrong}"${wildcards}`
  }
  const segments = text.split('/')
  for (const [index, segment] of segments.entries()) {
    if (segment === '') return 'has an empty segment: there is a / too many'
    if (segment === '**') {
      if (segments[index - 1] !== '**') continue
      return '** stands for any number of segments, so one of them is enough'
    }
    if (segment.includes('**')) {
      return `** is a segment of its own; within "${segment}" write *`
    }
    // What is between stars has to be legal beside a letter, or it is legal beside nothing.
    if (parseRepositoryName(segment.replaceAll('*', 'a')) === null) {
      return `no name of a repository has a segment like "${segment}"`
    }
  }
  if (text.replaceAll('*', '').length > longestRepositoryName) {
    return `no name of a repository has more than ${longestRepositoryName} characters`
  }
  return null
}

/** Whether a pattern has placeholders, so that it means something else for each caller. */
export function hasPlaceholders(pattern: RepositoryPattern): boolean {
  return pattern.pieces.some((piece) => typeof piece !== 'string')
}

/**
 * A matcher of a pattern without placeholders. It never goes back more than once for each segment of the name, so
 * its time is bounded whatever the pattern.
 */
export function repositoryMatcher(text: string): (name: string) => boolean {
  if (text === '**') return () => true
  if (!text.includes('*')) return (name) => name === text
  const prefix = prefixOf(text)
  if (prefix !== null) return (name) => name.length > prefix.length && name.startsWith(prefix)
  const start = fixedPart(text)
  const runs = runsOf(text)
  return (name) => name.startsWith(start) && matchesRuns(runs, name.split('/'))
}

/** What stands before the first wildcard. */
export function fixedPart(pattern: string): string {
  const at = pattern.indexOf('*')
  return at === -1 ? pattern : pattern.slice(0, at)
}

/** `team/` of `team/**`; null where a pattern is not of this kind. */
export function prefixOf(text: string): string | null {
  return text.endsWith('/**') && text.indexOf('*') === text.length - 2 ? text.slice(0, -2) : null
}

type Run = ReadonlyArray<(segment: string) => boolean>

/** The segments of a pattern, cut at each `**`. */
function runsOf(text: string): readonly Run[] {
  const runs: Array<Array<(segment: string) => boolean>> = [[]]
  for (const segment of text.split('/')) {
    if (segment === '**') runs.push([])
    else runs.at(-1)?.push(globMatcher(segment))
  }
  return runs
}

function matchesRuns(runs: readonly Run[], segments: readonly string[]): boolean {
  const first = runs[0] ?? []
  if (!matchesAt(first, segments, 0)) return false
  if (runs.length === 1) return segments.length === first.length
  const last = runs.at(-1) ?? []
  // A pattern that ends in ** wants something below.
  const end = segments.length - Math.max(last.length, 1)
  let at = first.length
  if (at > end || !matchesAt(last, segments, segments.length - last.length)) return false
  for (const run of runs.slice(1, -1)) {
    while (at + run.length <= end && !matchesAt(run, segments, at)) at += 1
    if (at + run.length > end) return false
    at += run.length
  }
  return true
}

function matchesAt(run: Run, segments: readonly string[], at: number): boolean {
  if (at < 0 || at + run.length > segments.length) return false
  return run.every((matches, index) => matches(segments[at + index] ?? ''))
}
