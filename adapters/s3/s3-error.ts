import { RegistryError } from '../../src/index.ts'
import { readWhole, type S3Response, Silence } from './transport.ts'
import { textIn } from './xml.ts'

/** A failure the object store told of, or that kept its answer away. Never holds a secret or a signature. */
export class S3Error extends Error {
  override readonly name = 'S3Error'
  /** Such as `PutObject`. */
  readonly operation: string
  /** S3's code, such as `SlowDown`; `NoAnswer` where none came. */
  readonly code: string
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** The store's name for the request, which its operator can look up. */
  readonly requestId: string | null
  /** How long the store asks to be left alone, in milliseconds; null where it does not say. */
  readonly retryAfterMs: number | null
  /** Whether nothing came for too long, which each try waits for. */
  readonly isSilence: boolean

  constructor(operation: string, told: Told, cause?: unknown) {
    const { code, status, requestId, message } = told
    const answer = status === 0 ? code : `${code} (${status})`
    const id = requestId === null ? '' : `, request ${requestId}`
    const advice = adviceFor.get(code)
    const words = [message, advice].filter((each) => each).join('; ')
    super(`${operation}: ${answer}${id}${words === '' ? '' : `: ${words}`}`, { cause })
    this.operation = operation
    this.code = code
    this.status = status
    this.requestId = requestId
    this.retryAfterMs = told.retryAfterMs
    this.isSilence = told.isSilence === true
  }

  /** Whether the same request may go well later. */
  get isTransient(): boolean {
    const { status, code } = this
    if (status === 501) return false
    return status === 0 || status === 408 || status === 429 || status >= 500 || again.has(code)
  }
}

/** Codes that say an object is not there. A missing bucket is another matter. */
export const absent: readonly string[] = ['NoSuchKey', 'NotFound']
/** Codes that say an upload in parts is not, or not as it was. */
export const lost: readonly string[] = ['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder']

/** Whether an error is one of those the codes stand for. */
export function isCode(error: unknown, ...codes: readonly string[]): error is S3Error {
  return error instanceof S3Error && codes.includes(error.code)
}

interface Told {
  readonly code: string
  readonly status: number
  readonly requestId: string | null
  readonly retryAfterMs: number | null
  readonly message: string
  readonly isSilence?: boolean
}

/** Codes of the 4xx that are good for another try. */
const again: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'OperationAborted',
  'ConditionalRequestConflict',
])

/** Codes that say the store has no space left. */
const full: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'XMinioStorageFull',
  'InsufficientStorage',
])

/** What an operator can look at. */
const adviceFor: ReadonlyMap<string, string> = new Map([
  [
    'AccessDenied',
    'check that the credentials may do this in the bucket and under the prefix (s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket), and the policy of its key where it is encrypted',
  ],
  ['NoSuchBucket', 'check the name of the bucket, the endpoint and the region'],
  ['InvalidAccessKeyId', 'check the access key and that it belongs to this endpoint'],
  ['SignatureDoesNotMatch', 'check the secret key, and that no proxy changes host or path'],
  ['RequestTimeTooSkewed', 'check the clock of this machine'],
  ['AuthorizationHeaderMalformed', 'check the region'],
  ['PermanentRedirect', 'check the region and the endpoint'],
  ['TemporaryRedirect', 'check the region and the endpoint'],
  ['ExpiredToken', 'check what renews the credentials'],
])

/** The error an answer tells of. Reads the answer to its end. */
export async function errorIn(operation: string, response: S3Response): Promise<S3Error> {
  const { status } = response
  const text = new TextDecoder().decode(
    await readWhole(response.body).catch(() => new Uint8Array(0)),
  )
  return errorOf(operation, response, text, codeFor(status))
}

/** The same, of an answer whose body was read. */
export function errorOf(
  operation: string,
  response: S3Response,
  text: string,
  otherwise: string,
): S3Error {
  return new S3Error(operation, {
    code: textIn(text, 'Code') ?? otherwise,
    status: response.status,
    requestId: textIn(text, 'RequestId') ?? response.header('x-amz-request-id'),
    retryAfterMs: retryAfter(response.header('retry-after')),
    message: withoutSecrets(textIn(text, 'Message') ?? ''),
  })
}

/** The error of a request that got no answer. */
export function noAnswer(operation: string, cause: unknown): S3Error {
  const message = withoutSecrets(reasonOf(cause))
  const nothing = { status: 0, requestId: null, retryAfterMs: null }
  const isSilence = cause instanceof Silence
  return new S3Error(operation, { code: 'NoAnswer', message, isSilence, ...nothing })
}

/** The error of credentials that could not be got. */
export function noCredentials(cause: unknown): S3Error {
  const message = withoutSecrets(reasonOf(cause))
  const nothing = { status: 0, requestId: null, retryAfterMs: null }
  return new S3Error('Credentials', { code: 'NoCredentials', message, ...nothing })
}

/** What the registry says of a failure that its caller could not help. */
export function toRegistryError(error: unknown): unknown {
  if (!(error instanceof S3Error)) return error
  return new RegistryError(full.has(error.code) ? 'storageFull' : 'unavailable', { cause: error })
}

/** What an error says, and what it says was its cause: `fetch` says no more than that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { message, cause } = error
  const { code } = error as { readonly code?: unknown }
  const own = message === '' && typeof code === 'string' ? code : message
  return [own, reasonOf(cause)].filter((each) => each !== '').join(': ')
}

/** A HEAD is answered without a code. */
function codeFor(status: number): string {
  if (status === 403) return 'AccessDenied'
  if (status === 404) return 'NotFound'
  if (status === 412) return 'PreconditionFailed'
  if (status === 507) return 'InsufficientStorage'
  return `HTTP${status}`
}

function retryAfter(header: string | null): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : null
}

/** A message may quote the request: signatures and keys have no place in a log. */
function withoutSecrets(message: string): string {
  return message
    .replace(/((?:X-Amz-)?(?:Signature|Credential|Security-Token)\s*[=:]\s*)[^\s&,;]+/gi, '$1…')
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '…')
    .slice(0, 300)
}
