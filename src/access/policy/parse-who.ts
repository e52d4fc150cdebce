import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readObject,
  readOneOrMore,
  readText,
} from './findings.ts'
import { didYouMean } from './nearest-word.ts'
import { type ClaimPattern, type ClaimRules, claimPattern, type Who } from './who.ts'

/** What a document has names for. */
export interface KnownNames {
  /** The groups it lists. */
  readonly groups: readonly string[]
  /** Whether logins know of other groups. */
  readonly hasOtherGroups: boolean
  readonly issuers: readonly string[]
}

/** Reads who a rule is about. What is wrong is left out, and noted. */
export function parseWho(
  found: Found<unknown>,
  known: KnownNames,
  findings: Findings,
): readonly Who[] {
  const items = readOneOrMore(found, findings) ?? []
  return items.flatMap((item) => parseOne(item, known, findings) ?? [])
}

function parseOne(found: Found<unknown>, known: KnownNames, findings: Findings): Who | null {
  if (typeof found.value === 'object' && found.value !== null)
    return parseIssuer(found, known, findings)
  const text = readText(found, findings)
  if (text === null) return null
  if (text === '*') return { kind: 'named' }
  if (text === 'anonymous') return { kind: 'anonymous' }
  const colon = text.indexOf(':')
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)]
  if (colon === -1 || (kind !== 'user' && kind !== 'group')) {
    findings.problem(found.path, unknownWho(text, known))
    return null
  }
  if (name === '') findings.problem(found.path, `has no name behind ${kind}:`)
  else if (name.includes('*')) {
    const instead = kind === 'user' ? 'list the users in a group' : 'name each group'
    findings.problem(found.path, `a name here is one name, without wildcards; ${instead}`)
  } else if (kind === 'user') return { kind, name }
  else if (known.groups.includes(name) || known.hasOtherGroups) {
    const near = known.groups.includes(name) ? '' : didYouMean(name, known.groups)
    if (near !== '') findings.warning(found.path, `the group is not in "groups"${near}`)
    return { kind, name }
  } else {
    const hint = didYouMean(name, known.groups) || '; list its members in "groups"'
    findings.problem(found.path, `there is no group ${quoted(name)}${hint}`)
  }
  return null
}

function unknownWho(text: string, known: KnownNames): string {
  const start = `${quoted(text)} is not user:NAME, group:NAME, *, anonymous or {"issuer": …}`
  const meant = meanings.get(text.toLowerCase())
  if (meant !== undefined) return `${start}; ${meant}`
  if (known.groups.includes(text)) return `${start}; did you mean "group:${text}"?`
  if (known.issuers.includes(text)) return `${start}; did you mean {"issuer": ${quoted(text)}}?`
  const colon = text.indexOf(':')
  if (colon === -1)
    return `${start}${didYouMean(text, ['anonymous']) || `; did you mean "user:${text}"?`}`
  const kind = didYouMean(text.slice(0, colon), ['user', 'group'])
  return kind === '' ? start : `${start}${kind.replace(/"\?$/, `${text.slice(colon)}"?`)}`
}

/** Words of other registries. */
const meanings: ReadonlyMap<string, string> = new Map([
  ...['all', 'any', 'anyone', 'everybody', 'everyone', 'public', 'world', '**'].map(
    (word) => [word, '"anonymous" is every caller, "*" every caller with a name'] as const,
  ),
  ...['authenticated', 'users', 'signed-in', 'logged-in'].map(
    (word) => [word, '"*" is every caller with a name'] as const,
  ),
])

function parseIssuer(found: Found<unknown>, known: KnownNames, findings: Findings): Who | null {
  const example = '{"issuer": "github", "claims": {"repository_owner": "acme"}}'
  const fields = readFields(found, ['issuer', 'claims'], findings, example)
  if (fields === null) return null
  const claims = fields.claims === undefined ? noClaims : parseClaims(fields.claims, findings)
  if (fields.issuer === undefined) {
    findings.problem(found.path, 'names no "issuer"')
    return null
  }
  const issuer = readText(fields.issuer, findings)
  if (issuer === null) return null
  if (!known.issuers.includes(issuer)) {
    const hint = didYouMean(issuer, known.issuers) || '; describe it in "issuers"'
    findings.problem(fields.issuer.path, `there is no issuer ${quoted(issuer)}${hint}`)
    return null
  }
  return { kind: 'issuer', issuer, claims }
}

const noClaims: ClaimRules = new Map()

/** Reads what claims have to be. */
export function parseClaims(found: Found<unknown>, findings: Findings): ClaimRules {
  const entries = readObject(found, findings, '{"repository_owner": "acme"}')
  if (entries === null) return noClaims
  if (entries.size === 0) findings.problem(found.path, 'is empty: name a claim, or leave it out')
  const claims: Map<string, readonly ClaimPattern[]> = new Map()
  for (const [name, value] of entries) {
    if (name === '' || name.length > 256)
      findings.problem(value.path, 'a claim has a name of at most 256 characters')
    const values = readOneOrMore(value, findings) ?? []
    claims.set(
      name,
      values.flatMap((each) => parseClaimValue(each, findings) ?? []),
    )
  }
  return claims
}

function parseClaimValue({ value, path }: Found<unknown>, findings: Findings): ClaimPattern | null {
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  const text = readText({ value: isPlain ? String(value) : value, path }, findings)
  if (text === null) return null
  if (!text.includes('**')) return claimPattern(text)
  findings.problem(path, 'one * stands for any characters of a claim, also for /')
  return null
}
