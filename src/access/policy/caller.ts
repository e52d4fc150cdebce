import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { Principal } from '../../ports/access.ts'
import type { Issuer, ReadPolicy } from './read-policy.ts'
import type { Placeholder, RepositoryPattern } from './repository-pattern.ts'
import { claimNamed, claimsOf, detailsOf, haveClaims, textOfClaim } from './who.ts'

/** What a pattern means for a caller. */
export type PatternFor =
  | { readonly text: string }
  /** Nothing: the placeholder has no value, or none that a name could have. */
  | { readonly missing: string }

/** Puts what a caller is called in the place of the placeholders of a pattern. */
export function patternFor(pattern: RepositoryPattern, principal: Principal | null): PatternFor {
  let text = ''
  for (const piece of pattern.pieces) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    const value = valueFor(piece, principal)
    if (typeof value === 'object') return value
    text += value
  }
  return { text }
}

/** A value that is a legal part of a name has no wildcards, and no `/` unless that was asked for. */
function valueFor(placeholder: Placeholder, principal: Principal | null): string | PatternFor {
  const { claim, isLower, isPath, text } = placeholder
  if (principal === null) return { missing: `${text} is nothing, since the caller has no name` }
  const found = claim === null ? principal.id : textOfClaim(claimNamed(claimsOf(principal), claim))
  if (found === null) return { missing: `${text} is nothing: the caller has no such claim` }
  const value = isLower ? found.toLowerCase() : found
  const name = parseRepositoryName(value)
  if (name !== null && (isPath || !name.includes('/'))) return name
  const said = `${text} is ${JSON.stringify(value.slice(0, 100))}`
  const base = text.slice(0, -1)
  if (name !== null) return { missing: `${said}, which is several segments: write ${base}:path}` }
  if (value !== value.toLowerCase()) {
    return { missing: `${said}, which is not lower case: write ${base}:lower}` }
  }
  return { missing: `${said}, which no name of a repository has as a part` }
}

/**
 * The issuer whose tokens have to have claims that this caller's token does not have. No rule is about such a
 * caller. Its login refuses it before; this keeps one that does not from opening a door.
 */
export function unmetIssuer(policy: ReadPolicy, principal: Principal | null): Issuer | null {
  if (principal === null) return null
  const { issuer } = detailsOf(principal)
  if (issuer === undefined) return null
  const found = policy.issuers.find(({ name }) => name === issuer)
  if (found === undefined || haveClaims(claimsOf(principal), found.claims)) return null
  return found
}
