import type { Ask, Principal, Ruling } from '../../ports/access.ts'
import { anyOf, type CallerRule, coversReference, isAbout } from './caller-rules.ts'
import type { Rule } from './read-policy.ts'
import { hasPlaceholders } from './repository-pattern.ts'

/** What no rule allows is refused by this. */
export const noRule = 'no rule'

/** The ruling on an ask that is refused, with what the client is told. */
export function refusal(
  principal: Principal | null,
  ask: Ask,
  { rule = noRule, isLogin = false }: { readonly rule?: string; readonly isLogin?: boolean },
): Ruling {
  if (isLogin) return { decision: 'login', rule }
  const caller = principal === null ? 'a caller without a name' : principal.id
  return { decision: 'deny', rule, message: `${caller} may not ${wish(ask)}` }
}

function wish({ action, repository, reference }: Ask): string {
  if (action === 'catalog') return 'list the repositories'
  if (repository === null) return action === 'admin' ? 'administer the registry' : action
  if (action === 'admin') return `administer ${repository}`
  const where = action === 'pull' ? 'from' : action === 'push' ? 'to' : 'in'
  if (reference?.kind === 'tag' && action !== 'pull') {
    return `${action} the tag ${reference.tag} ${where} ${repository}`
  }
  return `${action} ${where} ${repository}`
}

/** The ruling on a tag that stays. */
export function refusalOfDeletion(rule: string, tag: string | null): Ruling {
  const message =
    tag === null
      ? 'the repository may have immutable tags, which are neither moved nor deleted'
      : `the tag ${tag} is immutable: it is neither moved nor deleted`
  return { decision: 'deny', rule, message }
}

/** A rule, as it is for callers that are not known. */
export interface PossibleRule {
  /** With patterns that match what it is about for some caller. */
  readonly forSome: CallerRule
  /** The same for every caller it is about. */
  readonly forEach: CallerRule
}

/** Makes rules ready for {@link mightHelpToLogIn}. */
export function possibleRules(rules: readonly Rule[]): readonly PossibleRule[] {
  return rules.map((rule) => {
    const some = rule.repositories.map(({ pieces }) => {
      if (pieces.some((piece) => typeof piece !== 'string' && piece.isPath)) return '**'
      return pieces.map((piece) => (typeof piece === 'string' ? piece : '*')).join('')
    })
    const each = rule.repositories.filter((pattern) => !hasPlaceholders(pattern))
    const fixed = each.map(({ text }) => text)
    return {
      forSome: { rule, patterns: some, matches: anyOf(some) },
      forEach: { rule, patterns: fixed, matches: anyOf(fixed) },
    }
  })
}

/** Whether a caller with a name might be allowed what one without is not. */
export function mightHelpToLogIn(rules: readonly PossibleRule[], ask: Ask): boolean {
  const { action, repository, reference } = ask
  if (action === 'ping') return false
  for (const { forSome, forEach } of rules) {
    const { rule } = forSome
    if (rule.effect === 'allow') {
      // Who may pull something may list it.
      if (action === 'catalog' && rule.actions.has('pull')) return true
      if (isAbout(forSome, action, repository) && coversReference(rule, action, reference)) {
        return true
      }
    } else if (
      rule.who.some(({ kind }) => kind === 'anonymous') &&
      isAbout(forEach, action, repository) &&
      coversReference(rule, action, reference)
    ) {
      return false
    }
  }
  return false
}

/**
 * The rule that decides on the catalog, and whether it lets the caller have it; null for none. Without a rule on it, a
 * caller who may pull anything may list what that is.
 */
export function ruleOfCatalog(
  rules: readonly CallerRule[],
): { readonly rule: Rule; readonly isAllowed: boolean } | null {
  const own = rules.find(({ rule }) => rule.actions.has('catalog'))
  if (own !== undefined) return { rule: own.rule, isAllowed: own.rule.effect === 'allow' }
  for (const { rule, patterns } of rules) {
    if (!rule.actions.has('pull')) continue
    if (rule.effect === 'allow' && patterns.length > 0) return { rule, isAllowed: true }
    if (rule.effect === 'deny' && patterns.includes('**')) return { rule, isAllowed: false }
  }
  return null
}

/** What a rule allows. */
export function allowedBy({ label }: Rule): Ruling {
  return { decision: 'allow', rule: label }
}
