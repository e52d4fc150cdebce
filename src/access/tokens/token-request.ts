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
  readonly status: 400 | 413 | 415
  readonly error: 'invalid_request' | 'unsupported_grant_type'
  readonly message: string
}

/** A form of more bytes is refused: the largest tokens of CI systems have about 4 KiB. */
const mostBytes = 64 * 1024
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
  const text = await boundedText(request)
  if (text === null) return bad(413, `the form has more than ${mostBytes} bytes`)
  const form = new URLSearchParams(text)
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

/** The body as text; null where it is too long, of which no more than the bound is read. */
async function boundedText(request: Request): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) return null
  if (request.body === null) return ''
  const decoder = new TextDecoder()
  const reader = request.body.getReader()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > mostBytes) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}
