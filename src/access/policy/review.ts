import { contains } from './catalog-scope.ts'
import type { Findings } from './findings.ts'
import { lookAtIssuers } from './open-issuers.ts'
import type { ReadPolicy, Rule } from './read-policy.ts'
import type { Placeholder, RepositoryPattern } from './repository-pattern.ts'
import { lookForUnreachable } from './unreachable.ts'

/** Looks at a policy that was read for what is allowed and may not be meant, and for what opens a door. */
export function reviewPolicy(policy: ReadPolicy, findings: Findings): void {
  if (policy.rules.length === 0) {
    findings.warning('rules', 'is empty, so that nobody may do anything')
  }
  for (const rule of policy.rules) lookAtRule(rule, findings)
  lookForUnreachable(policy, findings)
  lookAtIssuers(policy, findings)
  lookAtGroups(policy, findings)
  lookAtUsers(policy, findings)
  for (const { label, tags } of policy.immutable) lookAtTags(`${label}.tags`, tags, findings)
  for (const [index, { repositories }] of policy.quotas.entries()) {
    const earlier = policy.quotas.slice(0, index).flatMap((quota) => quota.repositories)
    const isHidden = ({ text }: RepositoryPattern): boolean =>
      earlier.some((other) => contains(other.text, text))
    if (repositories.every(isHidden)) {
      findings.warning(`quotas[${index}]`, 'never counts: an earlier quota matches first')
    }
  }
}

function lookAtRule(
  { path, who, effect, actions, repositories, tags }: Rule,
  findings: Findings,
): void {
  const changes = [...actions].filter((action) => action !== 'pull' && action !== 'catalog')
  if (effect === 'allow' && changes.length > 0 && who.some(({ kind }) => kind === 'anonymous')) {
    const what = changes.join(' and ')
    findings.warning(path, `lets everybody who reaches the registry ${what}, without a name`)
  }
  lookAtTags(`${path}.tags`, tags ?? [], findings)
  for (const { text, pieces } of repositories) {
    for (const [index, piece] of pieces.entries()) {
      if (typeof piece === 'string') continue
      lookAtPlaceholder(`${path}.repositories`, text, piece, findings)
      const next = pieces[index + 1]
      if (next === undefined || (typeof next === 'string' && !next.startsWith('*'))) continue
      findings.warning(
        `${path}.repositories`,
        `"${text}" also matches what is of other callers, whose ${piece.text} begins alike: put a / behind ${piece.text}`,
      )
    }
  }
}

/** Claims of the builds of GitHub, GitLab and Forgejo that are several segments. */
const pathClaims: ReadonlySet<string> = new Set(['repository', 'project_path', 'namespace_path'])

function lookAtPlaceholder(
  path: string,
  pattern: string,
  { claim, isPath, text }: Placeholder,
  findings: Findings,
): void {
  if (claim === null || isPath || !pathClaims.has(claim)) return
  const instead = `${text.slice(0, -1)}:path}`
  findings.warning(
    path,
    `"${pattern}": a ${claim} with a / in it matches nothing: write ${instead}`,
  )
}

function lookAtTags(
  path: string,
  tags: ReadonlyArray<{ readonly text: string; readonly isPossible: boolean }>,
  findings: Findings,
): void {
  for (const { text, isPossible } of tags) {
    if (!isPossible) findings.warning(path, `"${text}" matches no tag that there can be`)
  }
}

function lookAtGroups({ groups, rules, immutable }: ReadPolicy, findings: Findings): void {
  const who = [...rules.flatMap((rule) => rule.who), ...immutable.flatMap((rule) => rule.except)]
  const used = new Set(who.flatMap((each) => (each.kind === 'group' ? [each.name] : [])))
  for (const [name, members] of groups) {
    if (members.size === 0) findings.warning('groups', `"${name}" has no members`)
    if (!used.has(name)) findings.warning('groups', `"${name}" is in no rule`)
  }
}

/** A caller of an issuer is called `<name of the issuer>:<user>`; no other name has a `:`. */
function lookAtUsers({ groups, rules, issuers }: ReadPolicy, findings: Findings): void {
  const known = new Set(issuers.map(({ name }) => name))
  const look = (path: string, name: string): void => {
    const colon = name.indexOf(':')
    if (colon === -1 || known.has(name.slice(0, colon))) return
    findings.warning(
      path,
      `"${name}" is nobody's name: there is no issuer "${name.slice(0, colon)}"`,
    )
  }
  for (const { path, who } of rules) {
    for (const each of who) if (each.kind === 'user') look(`${path}.who`, each.name)
  }
  for (const members of groups.values()) for (const name of members) look('groups', name)
}
