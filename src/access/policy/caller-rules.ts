import type { Reference } from '../../oci/reference.ts'
import type { Action, Ask, Principal } from '../../ports/access.ts'
import { patternFor, unmetIssuer } from './caller.ts'
import type { PolicyAction } from './document.ts'
import type { ImmutableRule, ReadPolicy, Rule } from './read-policy.ts'
import { hasPlaceholders, repositoryMatcher } from './repository-pattern.ts'
import { matchesWho, type Who } from './who.ts'

/** A rule, as it is for one caller. */
export interface CallerRule {
  readonly rule: Rule
  /** Its patterns, with what the caller is called in the place of placeholders. */
  readonly patterns: readonly string[]
  readonly matches: (repository: string) => boolean
}

/** An entry of `immutable`, as it is for one caller. */
export interface CallerImmutable {
  readonly rule: ImmutableRule
  readonly matches: (repository: string) => boolean
}

/** What a policy says of one caller. */
export interface CallerRules {
  /** Those that are about the caller, in order. */
  readonly rules: readonly CallerRule[]
  /** Those that do not except the caller. */
  readonly immutable: readonly CallerImmutable[]
}

/** Makes ready to pick what a policy says of a caller: what is the same for all of them is made once. */
export function callerRules(policy: ReadPolicy): (principal: Principal | null) => CallerRules {
  const { groups } = policy
  const rules = policy.rules.map((rule) => ({
    rule,
    forAll: rule.repositories.some(hasPlaceholders) ? null : callerRule(rule, null),
  }))
  const immutable = policy.immutable.map((rule) => ({
    rule,
    matches: anyOf(rule.repositories.map(({ text }) => text)),
  }))
  return (principal) => {
    const matches = (who: Who): boolean => matchesWho(who, principal, groups)
    const isUnmet = unmetIssuer(policy, principal) !== null
    return {
      rules: rules
        .filter(({ rule }) => !isUnmet && rule.who.some(matches))
        .map(({ rule, forAll }) => forAll ?? callerRule(rule, principal)),
      immutable: immutable.filter(({ rule }) => !rule.except.some(matches)),
    }
  }
}

function callerRule(rule: Rule, principal: Principal | null): CallerRule {
  const patterns = rule.repositories.flatMap((pattern) => {
    const found = patternFor(pattern, principal)
    return 'text' in found ? [found.text] : []
  })
  return { rule, patterns, matches: anyOf(patterns) }
}

/** A matcher of any of some patterns without placeholders. */
export function anyOf(patterns: readonly string[]): (repository: string) => boolean {
  const matchers = patterns.map(repositoryMatcher)
  const [only] = matchers
  if (only !== undefined && matchers.length === 1) return only
  return (repository) => matchers.some((matches) => matches(repository))
}

/** Whether a rule is about an action on a repository; without one, on the registry as a whole. */
export function isAbout(
  { rule, patterns, matches }: CallerRule,
  action: PolicyAction,
  repository: string | null,
): boolean {
  if (!rule.actions.has(action)) return false
  if (action === 'catalog') return true
  return repository === null ? patterns.includes('**') : matches(repository)
}

/**
 * Whether a rule that is about the action is also about the tag or digest. A rule without tags is. One that allows
 * pushes of tags also has to allow what comes before: upload sessions, and pushes by digest. One that denies
 * deletions of tags also denies that of the whole repository, which may have them.
 */
export function coversReference(rule: Rule, action: Action, reference: Reference | null): boolean {
  const { tags, effect } = rule
  if (tags === null) return true
  if (reference?.kind === 'tag') return tags.some(({ matches }) => matches(reference.tag))
  if (effect === 'allow') return action === 'push'
  return action === 'delete' && reference === null
}

/**
 * The first rule that decides an ask; null where none does.
 *
 * @param rules that are about the repository, where it names one
 */
export function firstRule(rules: readonly CallerRule[], ask: Ask): CallerRule | null {
  const { action, repository, reference } = ask
  for (const each of rules) {
    const { rule, patterns } = each
    if (action === 'ping' || !rule.actions.has(action)) continue
    // The registry as a whole is meant by everything alone.
    if (repository === null && !patterns.includes('**')) continue
    if (coversReference(rule, action, reference)) return each
  }
  return null
}

/** Whether the rules allow an action on a repository for some tag or digest. */
export function allowSome(rules: readonly CallerRule[], { action, repository }: Ask): boolean {
  if (action === 'ping') return true
  const found = rules.find(
    (each) =>
      isAbout(each, action, repository) &&
      (each.rule.effect === 'allow' || each.rule.tags === null),
  )
  return found?.rule.effect === 'allow'
}
