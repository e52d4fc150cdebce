import { type Findings, type Found, quoted, readOneOrMore, readText } from './findings.ts'
import {
  hasPlaceholders,
  type PatternProblem,
  parseRepositoryPattern,
  type RepositoryPattern,
} from './repository-pattern.ts'
import { parseTagPattern, type TagPattern } from './tag-pattern.ts'

/** Reads patterns of repositories. Those with a problem are left out, and the problem is noted. */
export function parseRepositories(
  found: Found<unknown>,
  findings: Findings,
): readonly RepositoryPattern[] {
  return parsePatterns(found, findings, parseRepositoryPattern)
}

/** The same, of repositories that are meant whoever calls. */
export function parseFixedRepositories(
  found: Found<unknown>,
  findings: Findings,
): readonly RepositoryPattern[] {
  return parsePatterns(found, findings, (text) => {
    const pattern = parseRepositoryPattern(text)
    return 'problem' in pattern || !hasPlaceholders(pattern)
      ? pattern
      : { problem: 'these are meant whoever calls, so nothing stands for the caller here' }
  })
}

/** Reads patterns of tags. Those with a problem are left out, and the problem is noted. */
export function parseTags(found: Found<unknown>, findings: Findings): readonly TagPattern[] {
  return parsePatterns(found, findings, parseTagPattern)
}

function parsePatterns<T extends object>(
  found: Found<unknown>,
  findings: Findings,
  parse: (text: string) => T | PatternProblem,
): readonly T[] {
  const items = readOneOrMore(found, findings) ?? []
  return items.flatMap((item) => {
    const text = item.value === '' ? '' : readText(item, findings)
    if (text === null) return []
    const pattern = parse(text)
    if (!('problem' in pattern)) return [pattern]
    const { problem } = pattern as PatternProblem
    findings.problem(item.path, text === '' ? problem : `${quoted(text)}: ${problem}`)
    return []
  })
}
