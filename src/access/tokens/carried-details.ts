import { RegistryError } from '../../oci/registry-error.ts'
import type { Principal } from '../../ports/access.ts'
import type { PrincipalDetails } from '../login.ts'

/** Details that tokens carry, since the policy, the audit and later logins read them. */
const names = ['login', 'groups', 'issuer', 'claims', 'grants', 'token'] as const

/** So much JSON that a token with it still fits into a header. */
const mostCharacters = 6 * 1024

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
