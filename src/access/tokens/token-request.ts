import type { AccessRequest } from '../../ports/access.ts'
import { type Credentials, classifyCredentials } from '../credentials.ts'

/** A request to the token endpoint. */
export interface TokenRequest {
  readonly proof: Proof
  /** Undefined where the client did not say. */
  readonly service: string | undefined
  readonly scopes: readonly string[]
  readonly wantsRefresh: boolean
}

/** How a client says who it is. */
export type Proof = Credentials | { readonly kind: 'refresh'; readonly token: string }

/** Why a request cannot be answered, in the words of OAuth (RFC 6749, 5.2). */
export interface BadRequest {
  readonly status: 400 | 415
  readonly error: 'invalid_request' | 'unsupported_grant_type'
  readonly message: string
}

const formType = 'application/x-www-form-urlencoded'

/** Reads a request: GET with Basic as in distribution's "token" document, POST as in its "oauth2". */
export async function readTokenRequest(
  request: Request,
  call: AccessRequest,
): Promise<TokenRequest | BadRequest> {
  if (call.method === 'POST') return readForm(request)
  const query = new URL(call.url).searchParams
  return {
    proof: classifyCredentials(call.headers.get('authorization')),
    service: query.get('service') ?? undefined,
    scopes: query.getAll('scope'),
    wantsRefresh: query.get('offline_token') === 'true',
  }
}

async function readForm(request: Request): Promise<TokenRequest | BadRequest> {
  if (!isForm(request.headers)) return bad(415, `send a form: Content-Type: ${formType}`)
  const form = new URLSearchParams(await request.text())
  for (const name of ['grant_type', 'username', 'password', 'refresh_token', 'service']) {
    if (form.getAll(name).length > 1) return bad(400, `${name} is there more than once`)
  }
  const proof = proofOf(form)
  if ('status' in proof) return proof
  return {
    proof,
    service: form.get('service') ?? undefined,
    scopes: form.getAll('scope'),
    wantsRefresh: form.get('access_type') === 'offline',
  }
}

function proofOf(form: URLSearchParams): Proof | BadRequest {
  const grant = form.get('grant_type')
  switch (grant) {
    case 'password': {
      const [user, password] = [form.get('username'), form.get('password')]
      if (user === null || password === null) return bad(400, 'send username and password')
      return { kind: 'basic', user, password }
    }
    case 'refresh_token': {
      const token = form.get('refresh_token')
      return token === null ? bad(400, 'send refresh_token') : { kind: 'refresh', token }
    }
    case null:
      return bad(400, 'send grant_type: password or refresh_token')
    default:
      return {
        status: 400,
        error: 'unsupported_grant_type',
        message: 'grant_type is password or refresh_token',
      }
  }
}

function bad(status: BadRequest['status'], message: string): BadRequest {
  return { status, error: 'invalid_request', message }
}

function isForm(headers: Headers): boolean {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  const encoding = headers.get('content-encoding') ?? 'identity'
  return (
    type.trim() === formType &&
    encoding === 'identity' &&
    parameters.every((each) => /^\s*(?:charset="?utf-?8"?)?\s*$/.test(each))
  )
}
