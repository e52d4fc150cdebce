import type { Findings } from './findings.ts'
import type { Issuer, ReadPolicy } from './read-policy.ts'
import type { ClaimRules, Who } from './who.ts'

/** Claims that say whose build it is, as GitHub and Forgejo have them. */
const ofBuilds: readonly string[] = [
  'repository_owner',
  'repository_owner_id',
  'repository',
  'repository_id',
  'enterprise',
  'enterprise_id',
  'job_workflow_ref',
  'sub',
]

/** Issuers that give a token to everybody in the world, and the claims that say whose it is. */
const openIssuers: ReadonlyMap<string, readonly string[]> = new Map([
  ['https://token.actions.githubusercontent.com', ofBuilds],
  ['https://codeberg.org/api/actions', ofBuilds],
  ['https://gitlab.com', ['namespace_path', 'namespace_id', 'project_path', 'project_id', 'sub']],
  ['https://accounts.google.com', ['email', 'hd', 'sub']],
  ['https://agent.buildkite.com', ['organization_slug', 'organization_id', 'sub']],
  ['https://app.terraform.io', ['terraform_organization_name', 'terraform_organization_id', 'sub']],
])

/** Looks for rules that let in whoever has an account with an issuer that is open to everybody. */
export function lookAtIssuers({ issuers, rules, immutable }: ReadPolicy, findings: Findings): void {
  for (const [index, issuer] of issuers.entries()) {
    const claims = openIssuers.get(issuer.issuer.replace(/\/$/, ''))
    if (claims === undefined || saysWhose(issuer.claims, claims)) continue
    const refuse = (path: string): void => {
      findings.problem(
        path,
        `lets in everybody in the world who gets a token of ${issuer.issuer}: say in issuers[${index}].claims whose builds you mean, by ${claims[0]} or another of ${claims.join(', ')}`,
      )
    }
    for (const { path, effect, who } of rules) {
      if (effect === 'allow' && isOpen(who, issuer, claims)) refuse(`${path}.who`)
    }
    for (const { label, except } of immutable) {
      if (isOpen(except, issuer, claims)) refuse(`${label}.except`)
    }
  }
}

/** Whether callers with any token of the issuer are meant, and callers without a name are not. */
function isOpen(who: readonly Who[], { name }: Issuer, claims: readonly string[]): boolean {
  if (who.some(({ kind }) => kind === 'anonymous')) return false
  return who.some(
    (each) =>
      each.kind === 'named' ||
      (each.kind === 'issuer' && each.issuer === name && !saysWhose(each.claims, claims)),
  )
}

/** Whether one of the claims has to be what only some have. */
function saysWhose(rules: ClaimRules, claims: readonly string[]): boolean {
  return claims.some((claim) => rules.get(claim)?.every(({ text }) => isOfOne(text)))
}

/** `acme*` is also `acme-and-others`, and `repo:*` everybody; `acme/*` and `*@acme.com` are of acme. */
function isOfOne(pattern: string): boolean {
  const [before = ''] = pattern.split('*', 1)
  return before === pattern || before.includes('/') || /^\*@[^*]+$/.test(pattern)
}
