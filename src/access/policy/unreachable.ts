import { containing } from './catalog-scope.ts'
import type { PolicyAction } from './document.ts'
import type { Findings } from './findings.ts'
import type { ReadPolicy, Rule } from './read-policy.ts'
import { hasPlaceholders } from './repository-pattern.ts'
import type { Groups, Who } from './who.ts'

/** How many pairs of rules are looked at. */
const mostPairs = 2_000_000

/**
 * Looks for rules that never decide, since rules before them decide all that they are about. One that was to deny
 * what is allowed before is a problem: it closes nothing.
 */
export function lookForUnreachable({ rules, groups }: ReadPolicy, findings: Findings): void {
  let pairs = 0
  const known = rules.map(prepared)
  for (const [index, rule] of rules.entries()) {
    pairs += index
    if (pairs > mostPairs) {
      findings.warning(rule.path, 'and those below were not looked at for rules that never decide')
      return
    }
    const deciders = decidersBefore(known, index, groups)
    if (deciders === null) continue
    const first = [...deciders].map(({ label }) => label).join(' and ')
    const [come, allow] = deciders.size === 1 ? ['comes', 'allows'] : ['come', 'allow']
    const isOpen = rule.effect === 'deny' && [...deciders].some(({ effect }) => effect === 'allow')
    if (isOpen) {
      findings.problem(
        rule.path,
        `denies nothing: ${first} ${come} first and ${allow} it; move it up`,
      )
    } else {
      findings.warning(rule.path, `never decides: ${first} ${come} first; move it up, or remove it`)
    }
  }
}

/** A rule with its patterns ready to be compared. */
interface Prepared {
  readonly rule: Rule
  readonly patterns: readonly PreparedPattern[]
}

interface PreparedPattern {
  readonly text: string
  /** What it may be for some caller, with `*` for each placeholder. */
  readonly widest: string
  /** Whether it contains another pattern without placeholders. */
  readonly contains: (widest: string) => boolean
}

function prepared(rule: Rule): Prepared {
  const patterns = rule.repositories.map((pattern) => {
    const { text, pieces } = pattern
    const widest = pieces.map((piece) => (typeof piece === 'string' ? piece : '*')).join('')
    const contains = hasPlaceholders(pattern) ? () => false : containing(text)
    return { text, widest, contains }
  })
  return { rule, patterns }
}

/** The rules that decide, before a rule is reached, all that it is about; null where something is left to it. */
function decidersBefore(
  all: readonly Prepared[],
  index: number,
  groups: Groups,
): ReadonlySet<Rule> | null {
  const given = all[index]
  if (given === undefined) return null
  const { rule, patterns } = given
  const earlier = all.slice(0, index)
  const deciders: Set<Rule> = new Set()
  for (const action of rule.actions) {
    for (const who of rule.who) {
      for (const { text, widest } of patterns) {
        const decider = earlier.find(
          (other) =>
            other.rule.actions.has(action) &&
            (action === 'catalog' ||
              other.patterns.some((each) => each.text === text || each.contains(widest))) &&
            other.rule.who.some((each) => includes(each, who, groups)) &&
            takesTags(other.rule, rule, action),
        )
        if (decider === undefined) return null
        deciders.add(decider.rule)
      }
    }
  }
  return deciders
}

/** Whether callers are among others. */
function includes(outer: Who, inner: Who, groups: Groups): boolean {
  if (outer.kind === 'anonymous') return true
  if (outer.kind === 'named') return inner.kind !== 'anonymous'
  if (outer.kind === 'user') return inner.kind === 'user' && inner.name === outer.name
  if (outer.kind === 'group') {
    if (inner.kind === 'group') return inner.name === outer.name
    return inner.kind === 'user' && groups.get(outer.name)?.has(inner.name) === true
  }
  if (inner.kind !== 'issuer' || inner.issuer !== outer.issuer) return false
  return [...outer.claims].every(([name, patterns]) =>
    inner.claims
      .get(name)
      ?.every(({ text }) =>
        patterns.some(
          (other) => other.text === text || (!text.includes('*') && other.matches(text)),
        ),
      ),
  )
}

/** Whether a rule takes, of an action, all tags and digests that another one is about. */
function takesTags(outer: Rule, inner: Rule, action: PolicyAction): boolean {
  if (outer.tags === null) return true
  const isNarrower = inner.tags?.every(({ text }) => outer.tags?.some((tag) => tag.text === text))
  if (isNarrower !== true) return false
  // A rule that denies pushes of tags is about tags alone, which each rule on them takes.
  return outer.effect === inner.effect || (action === 'push' && inner.effect === 'deny')
}
