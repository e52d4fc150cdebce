import { errorMessage } from '../../oci/error-codes.ts'
import type { Principal, TokenAnswer } from '../../ports/access.ts'

/** A token that was made. */
export interface MadeToken {
  readonly token: string
  readonly seconds: number
  /** Milliseconds since the epoch. */
  readonly issuedAt: number
  readonly scope: string
  readonly refreshToken: string | null
}

const headers: Readonly<Record<string, string>> = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'Content-Type': 'application/json',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

/** The answer with a token, under both of the names that clients look for. */
export function grantedAnswer(
  made: MadeToken,
  principal: Principal | null,
  rule: string,
): TokenAnswer {
  const body = JSON.stringify({
    token: made.token,
    access_token: made.token,
    token_type: 'Bearer',
    expires_in: made.seconds,
    issued_at: new Date(made.issuedAt).toISOString(),
    scope: made.scope,
    ...(made.refreshToken === null ? {} : { refresh_token: made.refreshToken }),
  })
  return { response: jsonResponse(body, 200, headers), principal, rule }
}

/** A refusal: the registry's envelope, and the fields of OAuth (RFC 6749, 5.2) beside it. */
export function refusedAnswer(
  status: number,
  error: string,
  message: string,
  more: Readonly<Record<string, string>> = {},
): TokenAnswer {
  const code = status === 401 ? 'UNAUTHORIZED' : 'UNSUPPORTED'
  const body = JSON.stringify({
    errors: [{ code, message: errorMessage(code, message) }],
    error,
    error_description: message,
  })
  const response = jsonResponse(body, status, { ...headers, ...more })
  return { response, principal: null, rule: message, errorCode: code }
}

function jsonResponse(
  text: string,
  status: number,
  given: Readonly<Record<string, string>>,
): Response {
  const body = new TextEncoder().encode(text)
  const length = { 'Content-Length': String(body.byteLength) }
  return new Response(body, { status, headers: { ...given, ...length } })
}
