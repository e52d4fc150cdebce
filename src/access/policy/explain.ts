import type { Ask, Decision, Principal } from '../../ports/access.ts'
import { compilePolicy } from './access-policy.ts'
import { patternFor, unmetIssuer } from './caller.ts'
import { coversReference, isAbout } from './caller-rules.ts'
import type { ReadPolicy, Rule } from './read-policy.ts'
import { repositoryMatcher } from './repository-pattern.ts'
import {
  claimNamed,
  claimsOf,
  detailsOf,
  type Groups,
  matchesWho,
  textsOfClaim,
  type Who,
} from './who.ts'

/** Why a policy decides as it does. */
export interface PolicyExplanation {
  readonly decision: Decision
  /** The rule that decided; `no rule` where none did. */
  readonly rule: string
  /** Every rule down to the one that decided, in order. */
  readonly rules: readonly RuleExplanation[]
  /** What else there is to say, a sentence each: of the catalog, of immutable tags. */
  readonly notes: readonly string[]
}

/** What a rule says of an ask. */
export interface RuleExplanation {
  readonly rule: string
  readonly effect: 'allow' | 'deny'
  /** Why the rule does not match; empty where it does. */
  readonly misses: readonly RuleMiss[]
}

/** One part of a rule that does not match. */
export interface RuleMiss {
  readonly part: 'who' | 'action' | 'repository' | 'tag'
  /** Why, in words. */
  readonly reason: string
}

/** Decides on an ask as the policy does, and says why. */
export function explainPolicy(
  policy: ReadPolicy,
  principal: Principal | null,
  ask: Ask,
): PolicyExplanation {
  const { decision, rule = '', message, isImmutable } = compilePolicy(policy).decide(principal, ask)
  const rules: RuleExplanation[] = []
  for (const each of policy.rules) {
    const misses = missesOf(each, policy, principal, ask)
    rules.push({ rule: each.label, effect: each.effect, misses })
    if (misses.length === 0) break
  }
  const notes: string[] = []
  const isDecided = rules.at(-1)?.misses.length === 0
  const { action, reference } = ask
  const unmet = unmetIssuer(policy, principal)
  if (unmet !== null) {
    notes.push(`no rule is about tokens without the claims that issuer "${unmet.name}" has to have`)
  }
  if (action === 'catalog' && !isDecided) {
    notes.push(
      decision === 'allow'
        ? `no rule is about the catalog; ${rule} lets the caller pull something, and that is listed`
        : 'no rule is about the catalog, and none lets the caller pull anything',
    )
  }
  if (rule.startsWith('immutable[') && message !== undefined) notes.push(`${rule}: ${message}`)
  if (isImmutable !== undefined && reference?.kind === 'tag' && isImmutable(reference.tag)) {
    notes.push(`the tag ${reference.tag} is immutable: it may be made, and is not moved after that`)
  }
  if (isImmutable !== undefined && reference?.kind === 'digest' && action === 'delete') {
    notes.push(
      'a manifest stays while it has a tag that is immutable, or that the caller may not delete',
    )
  }
  return { decision, rule, rules, notes }
}

function missesOf(
  rule: Rule,
  policy: ReadPolicy,
  principal: Principal | null,
  { action, repository, reference }: Ask,
): readonly RuleMiss[] {
  const misses: RuleMiss[] = []
  const isUnmet = unmetIssuer(policy, principal) !== null
  if (isUnmet || !rule.who.some((who) => matchesWho(who, principal, policy.groups))) {
    const reasons = rule.who.map((who) => whyNotMeant(who, principal, policy.groups))
    misses.push({ part: 'who', reason: reasons.join(', ') })
  }
  if (action === 'ping' || !rule.actions.has(action)) {
    misses.push({ part: 'action', reason: `is about ${[...rule.actions].join(', ')}` })
    return misses
  }
  const found = rule.repositories.map((pattern) => patternFor(pattern, principal))
  const patterns = found.flatMap((each) => ('text' in each ? [each.text] : []))
  const matches = (name: string): boolean =>
    patterns.some((pattern) => repositoryMatcher(pattern)(name))
  if (!isAbout({ rule, patterns, matches }, action, repository)) {
    const reasons = found.map((each) =>
      'missing' in each ? each.missing : `is about ${each.text}`,
    )
    misses.push({ part: 'repository', reason: reasons.join(', ') })
  }
  if (!coversReference(rule, action, reference)) {
    const tags = (rule.tags ?? []).map(({ text }) => text).join(', ')
    misses.push({ part: 'tag', reason: `is about the tags ${tags}` })
  }
  return misses
}

function whyNotMeant(who: Who, principal: Principal | null, groups: Groups): string {
  if (principal === null) return 'is about callers with a name'
  switch (who.kind) {
    case 'anonymous':
    case 'named':
      return 'is about every caller'
    case 'user':
      return `is about user:${who.name}`
    case 'group':
      return groups.has(who.name)
        ? `"groups" does not have ${principal.id} in ${who.name}`
        : `the login does not say that ${principal.id} is in ${who.name}`
    case 'issuer':
      return whyNotOfIssuer(who, principal)
  }
}

function whyNotOfIssuer(who: Extract<Who, { kind: 'issuer' }>, principal: Principal): string {
  if (detailsOf(principal).issuer !== who.issuer) return `is about tokens of ${who.issuer}`
  for (const [name, patterns] of who.claims) {
    const values = textsOfClaim(claimNamed(claimsOf(principal), name))
    if (values.some((value) => patterns.some(({ matches }) => matches(value)))) continue
    const wanted = patterns.map(({ text }) => text).join(' or ')
    const given = values.length === 0 ? 'is not there' : `is ${values.join(', ')}`
    return `the claim ${name} ${given}, and has to be ${wanted}`
  }
  return `is about tokens of ${who.issuer}`
}
