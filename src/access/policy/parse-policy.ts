import {
  type Findings,
  type Found,
  noFindings,
  readFields,
  readList,
  readObject,
  readText,
} from './findings.ts'
import { parseJsonText } from './json-text.ts'
import { parseIssuers } from './parse-issuers.ts'
import { parseQuotas } from './parse-quotas.ts'
import { parseImmutable, parseRule } from './parse-rule.ts'
import type { KnownNames } from './parse-who.ts'
import type { ImmutableRule, PolicyFinding, ReadPolicy, Rule } from './read-policy.ts'
import { reviewPolicy } from './review.ts'

/** What came of reading a policy. */
export interface PolicyReading {
  /** Null where there is a problem: a part of a policy could open what another part closes. */
  readonly policy: ReadPolicy | null
  readonly problems: readonly PolicyFinding[]
  /** What is allowed, and may not be meant. */
  readonly warnings: readonly PolicyFinding[]
}

/** What a policy is read for. */
export interface ParsePolicyOptions {
  /**
   * Whether logins know of groups that the policy does not list: those of a directory, of a client's certificate.
   * Issuers with `groups` need not be told of here. Default: false, and such a group in a rule is a problem.
   */
  readonly loginGroups?: boolean
}

/**
 * Reads a policy, strictly: a word, a key or a pattern that is not known is a problem.
 *
 * @param source the text of a JSON document of 1 MiB at most, or what was parsed of one; see {@link PolicyDocument}
 */
export function parsePolicy(source: unknown, options: ParsePolicyOptions = {}): PolicyReading {
  const findings = noFindings()
  const value = typeof source === 'string' ? parseJsonText(source, findings) : source
  const policy =
    findings.problems.length > 0 ? null : readDocument({ value, path: '' }, options, findings)
  if (policy !== null && findings.problems.length === 0) reviewPolicy(policy, findings)
  const { problems, warnings } = findings
  return { policy: problems.length === 0 ? policy : null, problems, warnings }
}

const sections = ['rules', 'immutable', 'groups', 'issuers', 'quotas'] as const

function readDocument(
  found: Found<unknown>,
  { loginGroups = false }: ParsePolicyOptions,
  findings: Findings,
): ReadPolicy | null {
  const example = '{"rules": [{"who": "*", "repositories": "**", "allow": ["pull"]}]}'
  const fields = readFields(found, sections, findings, example)
  if (fields === null) return null
  if (fields.rules === undefined) findings.problem('', `has no "rules", such as ${example}`)
  const groups = parseGroups(fields.groups, findings)
  const issuers = parseIssuers(fields.issuers, findings)
  const known: KnownNames = {
    groups: [...groups.keys()],
    hasOtherGroups: loginGroups || issuers.some((issuer) => issuer.groups !== undefined),
    issuers: namesGiven(fields.issuers),
  }
  const rules: Rule[] = []
  for (const item of readList(fields.rules, findings)) {
    const rule = parseRule(item, known, findings)
    if (rule !== null) rules.push(rule)
  }
  const immutable: ImmutableRule[] = []
  for (const item of readList(fields.immutable, findings)) {
    const rule = parseImmutable(item, known, findings)
    if (rule !== null) immutable.push(rule)
  }
  return { rules, immutable, groups, issuers, quotas: parseQuotas(fields.quotas, findings) }
}

/** The names of issuers, also of those with a problem: the rules that name them have none. */
function namesGiven(found: Found<unknown> | undefined): readonly string[] {
  if (!Array.isArray(found?.value)) return []
  return found.value.flatMap((each: unknown) => {
    const isNamed = typeof each === 'object' && each !== null && 'name' in each
    return isNamed && typeof each.name === 'string' ? [each.name] : []
  })
}

function parseGroups(
  found: Found<unknown> | undefined,
  findings: Findings,
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups: Map<string, ReadonlySet<string>> = new Map()
  if (found === undefined) return groups
  const entries = readObject(found, findings, '{"developers": ["alice", "bob"]}')
  for (const [name, value] of entries ?? []) {
    if (readText({ value: name, path: value.path }, findings, 256) === null) continue
    if (name.includes('*')) findings.problem(value.path, 'a group has a name without *')
    const members = readList(value, findings).flatMap((item) => parseMember(item, findings) ?? [])
    groups.set(name, new Set(members))
  }
  return groups
}

function parseMember(found: Found<unknown>, findings: Findings): string | null {
  const member = readText(found, findings)
  if (member === null) return null
  if (/^(?:user|group):/.test(member)) {
    const isUser = member.startsWith('user:')
    const what = isUser ? `write the name alone: "${member.slice(5)}"` : 'list its members instead'
    findings.problem(found.path, `a group has users as members; ${what}`)
  } else if (member.includes('*') || member === 'anonymous') {
    findings.problem(found.path, 'a member is one user, without wildcards')
  } else return member
  return null
}
