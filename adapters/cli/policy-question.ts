import { parsePolicyAction, type ReadPolicy } from '../../src/access/index.ts'
import {
  type Ask,
  classifyReference,
  type Principal,
  parseRepositoryName,
  type Reference,
} from '../../src/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { didYouMean } from './nearest.ts'
import type { Words } from './words.ts'

/** What `layerdock policy explain` is asked. */
export interface PolicyQuestion {
  readonly principal: Principal | null
  readonly ask: Ask
  /** In words: `alice: push to team/app:latest`. */
  readonly text: string
}

/** Parses the words of `layerdock policy explain`. @throws CliError with every problem. */
export async function parsePolicyQuestion(
  { words, values }: Words,
  policy: ReadPolicy,
): Promise<PolicyQuestion> {
  const [user = '', action = '', target = null] = words
  const problems: string[] = []
  const principal = await parsePrincipal(user, values, policy, problems)
  const ask = parseAsk(action, target, problems)
  if (ask === null || problems.length > 0) throw new CliError(exitCodes.usage, problems)
  const who = principal === null ? 'a caller without a name' : principal.id
  return { principal, ask, text: `${who}: ${[action, target ?? []].flat().join(' ')}` }
}

async function parsePrincipal(
  user: string,
  values: Words['values'],
  { issuers }: ReadPolicy,
  problems: string[],
): Promise<Principal | null> {
  const groups = values.get('group') ?? []
  const claims = parseClaims(values.get('claim') ?? [], problems)
  const name = values.get('issuer')?.at(-1)
  const names = issuers.map((issuer) => issuer.name)
  if (user === '') problems.push('USER is empty; a caller without a name is anonymous')
  if (user === 'anonymous') {
    if (groups.length + claims.size === 0 && name === undefined) return null
    problems.push('anonymous: a caller without a name has no groups, claims or issuer')
    return null
  }
  if (name === undefined) {
    if (claims.size > 0) {
      problems.push(
        `--claim: whose claims are these? --issuer ${names.join(' or --issuer ') || 'NAME'}`,
      )
    }
    return { id: user, details: { login: 'given', groups } }
  }
  const issuer = issuers.find((each) => each.name === name)
  if (issuer === undefined) {
    const hint = (await didYouMean(name, names)) || '; the policy lists them in "issuers"'
    problems.push(
      `--issuer ${name}: the policy has no such issuer${names.length === 0 ? '; it has none' : hint}`,
    )
    return null
  }
  const id = user.startsWith(`${name}:`) ? user : `${name}:${user}`
  if (!claims.has(issuer.user)) claims.set(issuer.user, id.slice(name.length + 1))
  return { id, details: { login: name, issuer: name, groups, claims: Object.fromEntries(claims) } }
}

/** A claim that is given more than once is a list. */
function parseClaims(
  given: readonly string[],
  problems: string[],
): Map<string, string | readonly string[]> {
  const claims: Map<string, string | readonly string[]> = new Map()
  for (const text of given) {
    const at = text.indexOf('=')
    if (at < 1) {
      problems.push(`--claim ${text}: is not a name and a value, as in repository_owner=acme`)
      continue
    }
    const [name, value] = [text.slice(0, at), text.slice(at + 1)]
    const before = claims.get(name)
    claims.set(name, before === undefined ? value : [before, value].flat())
  }
  return claims
}

function parseAsk(text: string, target: string | null, problems: string[]): Ask | null {
  const action = parsePolicyAction(text)
  if (typeof action !== 'string') {
    problems.push(action.problem)
    return null
  }
  if (target === null) {
    if (action === 'catalog' || action === 'admin') {
      return { action, repository: null, reference: null }
    }
    problems.push(`REPOSITORY is missing: ${action} team/app, or ${action} team/app:TAG`)
    return null
  }
  if (action === 'catalog') {
    problems.push(`${target}: not expected here, since the catalog is of all repositories`)
    return null
  }
  const at = target.search(/[:@]/)
  const name = at === -1 ? target : target.slice(0, at)
  const repository = parseRepositoryName(name)
  const reference = at === -1 ? null : parseReference(target, at, problems)
  if (repository === null) {
    const hint =
      parseRepositoryName(name.toLowerCase()) === null
        ? ''
        : `; names are lower case: ${name.toLowerCase()}`
    problems.push(`${name}: is not the name of a repository${hint}`)
  }
  return repository === null ? null : { action, repository, reference }
}

function parseReference(target: string, at: number, problems: string[]): Reference | null {
  const text = target.slice(at + 1)
  const reference = classifyReference(text)
  if (reference.kind === (target[at] === ':' ? 'tag' : 'digest')) return reference as Reference
  problems.push(`${text}: is not a ${target[at] === ':' ? 'tag' : 'digest such as sha256:…'}`)
  return null
}
