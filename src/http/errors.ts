import { RegistryError } from '../oci/registry-error.ts'
import { setBodyLength } from './body-length.ts'
import type { Call } from './call.ts'
import { envelope } from './error-answer.ts'
import { exchangeOf } from './exchange.ts'
import { requestIdOf } from './request-id.ts'
import { placeOf } from './traced.ts'

const encoder = new TextEncoder()

/** Makes the answer for whatever a handler, or the way to it, has thrown. */
export function answerOf(error: unknown, call: Pick<Call, 'request' | 'head' | 'deps'>): Response {
  const { status, headers, body } = envelope(explain(error, call))
  const bytes = encoder.encode(body)
  const response = new Response(call.head ? null : bytes, { status, headers })
  // Bun does not say how much it sends.
  setBodyLength(response, bytes.byteLength)
  return response
}

/** Returns what a client is told of whatever was thrown, and notes it for the report of the request. */
export function explain(error: unknown, call: Pick<Call, 'request' | 'deps'>): RegistryError {
  const known = error instanceof RegistryError ? error : internal(error, call)
  const exchange = exchangeOf(call.request)
  if (exchange !== null) exchange.errorCode = known.code
  return known
}

/** Logs an unexpected error with an id; the client is told the id alone. */
function internal(error: unknown, call: Pick<Call, 'request' | 'deps'>): RegistryError {
  const requestId = requestIdOf(call.request)
  const { method, url } = call.request
  const path = new URL(url).pathname
  const trace = placeOf(exchangeOf(call.request))
  const traced = trace === null ? {} : { trace }
  call.deps.onNotice({ kind: 'failure', requestId, method, path, ...traced, error })
  return new RegistryError('internal', {
    detail: { requestId },
    headers: { 'X-Request-Id': requestId },
  })
}
