import { defaultAlgorithms, signatureAlgorithms } from '../jwt/algorithms.ts'
import type { KeysDocument } from './document.ts'
import {
  type Findings,
  type Found,
  quoted,
  readFields,
  readList,
  readOneOrMore,
  readText,
} from './findings.ts'
import { didYouMean } from './nearest-word.ts'
import { parseClaims } from './parse-who.ts'
import type { Issuer } from './read-policy.ts'

const fieldNames = [
  'name',
  'issuer',
  'audiences',
  'keys',
  'algorithms',
  'user',
  'groups',
  'claims',
  'exchange',
  'dockerAccess',
  'clockSkewSeconds',
  'sessionSeconds',
] as const

/** Names of logins of our own, and words that stand before a `:` elsewhere. */
const takenNames: ReadonlySet<string> = new Set(['user', 'group', 'claim', 'htpasswd', 'token'])

/** Reads the issuers. Those with a problem are left out, and the problem is noted. */
export function parseIssuers(
  found: Found<unknown> | undefined,
  findings: Findings,
): readonly Issuer[] {
  const names: Set<string> = new Set()
  const urls: Set<string> = new Set()
  const issuers: Issuer[] = []
  for (const item of readList(found, findings)) {
    const issuer = parseIssuer(item, findings)
    if (issuer === null) continue
    if (names.has(issuer.name))
      findings.problem(`${item.path}.name`, 'is the name of another issuer')
    if (urls.has(issuer.issuer)) {
      findings.problem(`${item.path}.issuer`, 'another entry has this issuer: make one of the two')
    }
    names.add(issuer.name)
    urls.add(issuer.issuer)
    issuers.push(issuer)
  }
  return issuers
}

function parseIssuer(found: Found<unknown>, findings: Findings): Issuer | null {
  const example = '{"name": "github", "issuer": "https://…", "audiences": ["…"]}'
  const fields = readFields(found, fieldNames, findings, example)
  if (fields === null) return null
  for (const key of ['name', 'issuer', 'audiences'] as const) {
    if (fields[key] === undefined) findings.problem(found.path, `has no "${key}": ${example}`)
  }
  const name = fields.name && parseName(fields.name, findings)
  const issuer = fields.issuer && parseUrl(fields.issuer, findings)
  const audiences = fields.audiences && texts(fields.audiences, findings)
  const keys = fields.keys && parseKeys(fields.keys, findings)
  const algorithms = fields.algorithms && parseAlgorithms(fields.algorithms, findings)
  const user = fields.user === undefined ? 'sub' : readText(fields.user, findings)
  const groups = fields.groups && readText(fields.groups, findings)
  const claims = fields.claims && parseClaims(fields.claims, findings)
  const exchange = fields.exchange === undefined ? true : parseSwitch(fields.exchange, findings)
  const dockerAccess =
    fields.dockerAccess === undefined ? false : parseSwitch(fields.dockerAccess, findings)
  const skew = fields.clockSkewSeconds
  const clockSkewSeconds = skew === undefined ? 60 : parseSeconds(skew, 0, 600, findings)
  const session = fields.sessionSeconds
  const sessionSeconds = session === undefined ? 900 : parseSeconds(session, 60, 86_400, findings)
  // What is null or missing here is a problem that was noted.
  if (!name || !issuer || !audiences || !user) return null
  return {
    name,
    issuer,
    audiences,
    ...(keys ? { keys } : {}),
    algorithms: algorithms ?? defaultAlgorithms,
    user,
    ...(groups ? { groups } : {}),
    claims: claims ?? new Map(),
    exchange,
    dockerAccess,
    clockSkewSeconds,
    sessionSeconds,
  }
}

function parseName(found: Found<unknown>, findings: Findings): string | null {
  const name = readText(found, findings, 64)
  if (name === null) return null
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    findings.problem(found.path, 'a name has letters, digits, ".", "_" and "-", as in "github"')
  } else if (takenNames.has(name)) {
    findings.problem(
      found.path,
      `${quoted(name)} means something else in a policy: choose another name`,
    )
  } else return name
  return null
}

/** A URL that nobody on the way can answer for: https, or http on this machine. */
function parseUrl(found: Found<unknown>, findings: Findings): string | null {
  const text = readText(found, findings)
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    findings.problem(found.path, `is not a URL such as https://token.actions.githubusercontent.com`)
  } else if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    findings.problem(found.path, 'has to be https: over http anybody on the way could make tokens')
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    findings.problem(found.path, 'has credentials, a query or a fragment: leave them out')
  } else return text
  return null
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
}

function parseKeys(found: Found<unknown>, findings: Findings): KeysDocument | null {
  const example = '{"url": "https://…/jwks.json"} or {"file": "keys.json"}'
  const fields = readFields(found, ['url', 'file'], findings, example)
  if (fields === null) return null
  if ((fields.url === undefined) === (fields.file === undefined)) {
    findings.problem(found.path, `has to have one of "url" and "file": ${example}`)
    return null
  }
  if (fields.url !== undefined) {
    const url = parseUrl(fields.url, findings)
    return url === null ? null : { url }
  }
  const file = fields.file && readText(fields.file, findings)
  return file ? { file } : null
}

function parseAlgorithms(found: Found<unknown>, findings: Findings): readonly string[] {
  return texts(found, findings).filter((algorithm, index) => {
    if (signatureAlgorithms.includes(algorithm)) return true
    const path = Array.isArray(found.value) ? `${found.path}[${index}]` : found.path
    const isSecret = /^(?:HS\d+|none)$/i.test(algorithm)
    const why = isSecret
      ? ': tokens are believed by public keys alone'
      : didYouMean(algorithm, signatureAlgorithms)
    findings.problem(
      path,
      `${quoted(algorithm)} is not one of ${signatureAlgorithms.join(', ')}${why}`,
    )
    return false
  })
}

function texts(found: Found<unknown>, findings: Findings): readonly string[] {
  const items = readOneOrMore(found, findings) ?? []
  return items.flatMap((item) => readText(item, findings) ?? [])
}

function parseSwitch({ value, path }: Found<unknown>, findings: Findings): boolean {
  if (typeof value === 'boolean') return value
  findings.problem(path, `is neither true nor false: ${quoted(value)}`)
  return false
}

function parseSeconds(
  { value, path }: Found<unknown>,
  least: number,
  most: number,
  findings: Findings,
): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  findings.problem(path, `is not a number of seconds from ${least} to ${most}`)
  return least
}
