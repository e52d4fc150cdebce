import { RegistryError } from '../oci/registry-error.ts'
import type { Call } from './call.ts'
import { exchangeOf } from './exchange.ts'
import { requestIdOf } from './request-id.ts'

/** Where everything that is thrown on the way of a request ends: the envelope of the specification ("Error Codes"). */
export function answerOf(error: unknown, call: Pick<Call, 'request' | 'head' | 'deps'>): Response {
  const known = error instanceof RegistryError ? error : internal(error, call)
  const { status, code, message } = known
  const exchange = exchangeOf(call.request)
  if (exchange !== null) exchange.errorCode = code
  const details = known.details.length === 0 ? [undefined] : known.details
  const body = JSON.stringify({ errors: details.map((detail) => ({ code, message, detail })) })
  return new Response(call.head ? null : body, {
    status,
    headers: {
      'Docker-Distribution-API-Version': 'registry/2.0',
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      ...known.headers,
    },
  })
}

/** An error nobody foresaw: logged with an id, of which alone the client is told. */
function internal(error: unknown, call: Pick<Call, 'request' | 'deps'>): RegistryError {
  const requestId = requestIdOf(call.request)
  const { method, url } = call.request
  const path = new URL(url).pathname
  call.deps.onNotice({ kind: 'failure', requestId, method, path, error })
  return new RegistryError('internal', {
    detail: { requestId },
    headers: { 'X-Request-Id': requestId },
  })
}
