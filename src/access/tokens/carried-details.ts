import { RegistryError } from '../../oci/registry-error.ts'
import type { Principal } from '../../ports/access.ts'
import type { PrincipalDetails } from '../login.ts'

/** Details that tokens carry, since the policy, the audit and later logins read them. */
const names = ['login', 'groups', 'issuer', 'claims', 'grants', 'token'] as const

/**
 * The JSON of details and access together. As a token it has a third more characters, and the headers of a request
 * 16 KiB.
 */
export const mostTokenCharacters: number = 9 * 1024
/** The part of it that details may have. */
const mostCharacters = 5 * 1024

/**
 * The details of a principal that its tokens carry. Anything else that a login has put there stays here.
 *
 * @throws RegistryError `denied` where they are too large. To leave some out could turn a refusal of the policy
 *   into a permission.
 */
export function carriedDetails(principal: Principal): Partial<PrincipalDetails> {
  const details = principal.details ?? {}
  const carried = Object.fromEntries(
    names.filter((name) => details[name] !== undefined).map((name) => [name, details[name]]),
  ) as Partial<PrincipalDetails>
  if (JSON.stringify(carried).length <= mostCharacters) return carried
  throw new RegistryError('denied', {
    advice: `groups and claims of the caller have more than ${mostCharacters} characters, too many for a token`,
  })
}
