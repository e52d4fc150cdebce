import type { Ask } from '../ports/access.ts'
import type { Grant } from './login.ts'
import {
  hasPlaceholders,
  parseRepositoryPattern,
  repositoryMatcher,
} from './policy/repository-pattern.ts'

/** Whether grants cover an ask. */
export function areGranted(grants: readonly Grant[], { action, repository }: Ask): boolean {
  if (action === 'ping') return true
  return grants.some(
    (grant) => grant.actions.includes(action) && matchesRepository(grant.repositories, repository),
  )
}

/** Actions that name no repository are granted with `**`, and the catalog with `registry:catalog`. */
function matchesRepository(pattern: string, repository: string | null): boolean {
  if (pattern === repository) return true
  if (repository === null) return pattern === '**' || pattern === 'registry:catalog'
  return pattern.includes('*') && patternMatcher(pattern)(repository)
}

const matchers: Map<string, (name: string) => boolean> = new Map()
const mostMatchers = 1000

/** A matcher of a pattern as policies have it. One that no policy may have matches nothing. */
export function patternMatcher(pattern: string): (name: string) => boolean {
  const known = matchers.get(pattern)
  if (known !== undefined) return known
  const parsed = parseRepositoryPattern(pattern)
  const isRight = !('problem' in parsed) && !hasPlaceholders(parsed)
  const matcher = isRight ? repositoryMatcher(pattern) : () => false
  if (matchers.size >= mostMatchers) matchers.clear()
  matchers.set(pattern, matcher)
  return matcher
}
