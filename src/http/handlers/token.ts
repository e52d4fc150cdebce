import { RegistryError } from '../../oci/registry-error.ts'
import type { Call } from '../call.ts'

/**
 * GET and POST /v2/_layerdock/token: short-lived tokens for clients that log in, as the `Access` makes
 * them. Its body is the token server's, not the registry's; docs/access.md describes it.
 */
export async function issueToken(call: Call): Promise<Response> {
  const { access } = call.deps
  if (access?.token === undefined) throw new RegistryError('routeUnknown')
  const { response, principal, rule, errorCode } = await access.token(call.request, call)
  call.principal = principal
  const { exchange } = call
  if (exchange !== null) {
    exchange.principal = principal
    exchange.rule = rule ?? null
    if (errorCode !== undefined) exchange.errorCode = errorCode
  }
  return call.head ? new Response(null, response) : response
}
