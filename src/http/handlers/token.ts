import { ownerOf } from '../../oci/owner.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { withWholeBody } from '../body.ts'
import type { Call } from '../call.ts'

/**
 * GET and POST /v2/_layerdock/token: short-lived tokens for clients that log in, as the `Access` makes
 * them. Its body is the token server's, not the registry's; docs/users-and-ci.md describes it.
 */
export async function issueToken(call: Call): Promise<Response> {
  const { access } = call.deps
  if (access?.token === undefined) throw new RegistryError('routeUnknown')
  const request = await withoutAdapter(call)
  const { response, principal, rule, errorCode } = await access.token(request, call)
  call.principal = principal
  const { exchange } = call
  if (exchange !== null) {
    exchange.principal = principal
    exchange.rule = rule ?? null
    if (errorCode !== undefined) exchange.errorCode = errorCode
  }
  return call.head ? new Response(null, response) : response
}

/** A form, in bytes: the largest tokens of CI systems have about 4 KiB. */
const mostBytes = 64 * 1024

/** The same request with its body in memory: an adapter may have taken the body that it came with. */
function withoutAdapter(call: Call): Promise<Request> | Request {
  const { request, deps } = call
  if (request.method !== 'POST') return request
  const reservation = deps.bodies.open(ownerOf(null, call.peer.address))
  return withWholeBody(request, mostBytes, 'formTooLarge', reservation, async (body) => {
    const { url, method, headers } = request
    return new Request(url, { method, headers, body: body as Uint8Array<ArrayBuffer> })
  })
}
