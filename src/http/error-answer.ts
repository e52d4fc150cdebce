import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'

/** An error of the registry, ready to be sent. */
export interface ErrorAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** A manifest can name ten thousand blobs that are missing: the first say enough. */
const mostEntries = 100

/** Puts an error into the envelope of the specification ("Error Codes"). */
export function envelope(error: RegistryError): ErrorAnswer {
  const { status, code, message, details } = error
  const entries = details.length === 0 ? [undefined] : details.slice(0, mostEntries)
  return {
    status,
    headers: {
      'Docker-Distribution-API-Version': 'registry/2.0',
      'X-Content-Type-Options': 'nosniff',
      'Content-Type': 'application/json',
      ...(error.kind === 'unavailable' ? { 'Retry-After': '5' } : {}),
      ...error.headers,
    },
    body: JSON.stringify({ errors: entries.map((detail) => ({ code, message, detail })) }),
  }
}

/**
 * Makes the answer for an error outside of the handlers, whole with its length, for a server that
 * writes it to a socket.
 */
export function errorAnswer(kind: ErrorName, more: Record<string, string> = {}): ErrorAnswer {
  const { status, headers, body } = envelope(new RegistryError(kind, { headers: more }))
  const length = new TextEncoder().encode(body).byteLength
  return { status, headers: { ...headers, 'Content-Length': String(length) }, body }
}

/** The same as a Response. */
export function errorResponse(kind: ErrorName, more?: Record<string, string>): Response {
  const { status, headers, body } = errorAnswer(kind, more)
  return new Response(body, { status, headers })
}
