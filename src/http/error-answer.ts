import { type ErrorName, errorRows } from '../oci/error-codes.ts'

/** An error of the registry, ready to be sent where no handler of the core is on the road. */
export interface ErrorAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** The envelope of the specification around a row of the error table. */
export function errorAnswer(kind: ErrorName, more: Record<string, string> = {}): ErrorAnswer {
  const { code, status, message } = errorRows[kind]
  const body = JSON.stringify({ errors: [{ code, message }] })
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      'Docker-Distribution-API-Version': 'registry/2.0',
      'X-Content-Type-Options': 'nosniff',
      ...more,
    },
    body,
  }
}

/** The same as a Response. */
export function errorResponse(kind: ErrorName, more?: Record<string, string>): Response {
  const { status, headers, body } = errorAnswer(kind, more)
  return new Response(body, { status, headers })
}
