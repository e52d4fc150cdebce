import type { Principal } from '../../ports/access.ts'
import type { PrincipalDetails } from '../login.ts'
import { globMatcher } from './glob.ts'

/** What claims have to be: each of them one of its patterns. */
export type ClaimRules = ReadonlyMap<string, readonly ClaimPattern[]>

/** A pattern for the value of a claim. */
export interface ClaimPattern {
  /** As it is written. */
  readonly text: string
  readonly matches: (value: string) => boolean
}

/** Callers, as a rule names them. */
export type Who =
  /** Every caller, with or without a name. */
  | { readonly kind: 'anonymous' }
  /** Every caller with a name. */
  | { readonly kind: 'named' }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'issuer'; readonly issuer: string; readonly claims: ClaimRules }

/** The members of the groups that the policy lists. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>

/** Whether callers are meant. */
export function matchesWho(who: Who, principal: Principal | null, groups: Groups): boolean {
  if (who.kind === 'anonymous') return true
  if (principal === null) return false
  switch (who.kind) {
    case 'named':
      return true
    case 'user':
      return principal.id === who.name
    case 'group':
      return isMember(who.name, principal, groups)
    case 'issuer':
      return (
        detailsOf(principal).issuer === who.issuer && haveClaims(claimsOf(principal), who.claims)
      )
  }
}

/** A group that the policy lists has these members and no others, whatever a token says. */
function isMember(name: string, principal: Principal, groups: Groups): boolean {
  const members = groups.get(name)
  if (members !== undefined) return members.has(principal.id)
  const given = detailsOf(principal).groups
  return Array.isArray(given) && given.includes(name)
}

/** Whether claims are as they have to be. */
export function haveClaims(claims: Readonly<Record<string, unknown>>, wanted: ClaimRules): boolean {
  for (const [name, patterns] of wanted) {
    const values = textsOfClaim(claimNamed(claims, name))
    if (!values.some((value) => patterns.some(({ matches }) => matches(value)))) return false
  }
  return true
}

/**
 * A claim by its name. Where there is no such claim, a dot leads into an object: `kubernetes.io.namespace`
 * is the `namespace` of the claim `kubernetes.io`.
 */
export function claimNamed(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined
  if (Object.hasOwn(claims, name)) return (claims as Record<string, unknown>)[name]
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const outer = name.slice(0, dot)
    if (!Object.hasOwn(claims, outer)) continue
    return claimNamed((claims as Record<string, unknown>)[outer], name.slice(dot + 1))
  }
  return undefined
}

/** The values of a claim as text: of a list each. Anything else is no value. */
export function textsOfClaim(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => textOfClaim(each) ?? [])
  return [textOfClaim(value) ?? []].flat()
}

/** The value of a claim as text; null where it is not text, a number, or true or false. */
export function textOfClaim(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A pattern for a claim's value. */
export function claimPattern(text: string): ClaimPattern {
  return { text, matches: globMatcher(text) }
}

/** What a login said of a caller. */
export function detailsOf(principal: Principal): Partial<PrincipalDetails> {
  return principal.details ?? {}
}

/** The claims of a caller; none where the caller has no token of an issuer. */
export function claimsOf(principal: Principal | null): Readonly<Record<string, unknown>> {
  if (principal === null) return {}
  const { claims } = detailsOf(principal)
  return typeof claims === 'object' && claims !== null ? claims : {}
}
