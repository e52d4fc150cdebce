import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CatalogScope } from '../../ports/access.ts'
import type { CallerRule } from './caller-rules.ts'
import { fixedPart, prefixOf, repositoryMatcher } from './repository-pattern.ts'

/**
 * The repositories that a caller may pull, where names and prefixes can say it; undefined where each name has to be
 * asked for.
 */
export function catalogScope(rules: readonly CallerRule[]): CatalogScope | 'all' | undefined {
  const names: Set<string> = new Set()
  const prefixes: Set<string> = new Set()
  const denied: string[] = []
  let isClear = true
  for (const { rule, patterns } of rules) {
    if (!rule.actions.has('pull')) continue
    if (rule.effect === 'deny') {
      if (patterns.includes('**')) break
      denied.push(...patterns)
      continue
    }
    for (const pattern of patterns) {
      const relation = relationTo(pattern, denied)
      if (relation === 'within') continue
      // Everything, of which some was allowed before, and nothing was denied.
      if (relation === 'apart' && pattern === '**') return 'all'
      const prefix = prefixOf(pattern)
      if (relation === 'unclear' || (prefix === null && pattern.includes('*'))) isClear = false
      else if (prefix !== null) prefixes.add(prefix)
      else names.add(pattern)
    }
  }
  return isClear ? { names: [...names] as RepositoryName[], prefixes: [...prefixes] } : undefined
}

/** Whether what a pattern matches is all denied, or none of it, as far as that is easy to say. */
function relationTo(pattern: string, denied: readonly string[]): 'within' | 'apart' | 'unclear' {
  let relation: 'apart' | 'unclear' = 'apart'
  for (const other of denied) {
    if (contains(other, pattern)) return 'within'
    if (!areApart(other, pattern)) relation = 'unclear'
  }
  return relation
}

/** Whether a pattern matches all that another one does. False where that is not easy to say. */
export function contains(outer: string, inner: string): boolean {
  return containing(outer)(inner)
}

/** The same, for many patterns to be compared with one. */
export function containing(outer: string): (inner: string) => boolean {
  const matches = repositoryMatcher(outer)
  const prefix = prefixOf(outer)
  return (inner) => {
    if (outer === '**' || outer === inner) return true
    if (!inner.includes('*')) return matches(inner)
    return prefix !== null && fixedPart(inner).startsWith(prefix)
  }
}

function areApart(one: string, other: string): boolean {
  if (!one.includes('*')) return !repositoryMatcher(other)(one)
  if (!other.includes('*')) return !repositoryMatcher(one)(other)
  const [a, b] = [fixedPart(one), fixedPart(other)]
  return !a.startsWith(b) && !b.startsWith(a)
}
