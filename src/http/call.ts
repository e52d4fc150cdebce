import { classifyDigest, type Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { RegistryLimits } from '../options.ts'
import type { Access, Action, Ask, Peer, Principal } from '../ports/access.ts'
import type { EventSink } from '../ports/events.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { Cors } from './cors.ts'

/** What the handlers of one registry work with. */
export interface HttpDeps {
  readonly service: RegistryService
  readonly limits: RegistryLimits
  readonly access: Access | null
  readonly cors: Cors | null
  readonly events: EventSink
  /** What stands before `/v2` in public paths. */
  readonly prefix: string
}

/** One request on its way through a handler. */
export interface Call {
  readonly deps: HttpDeps
  readonly request: Request
  /** Whether only the head of the answer is wanted. */
  readonly head: boolean
  readonly peer: Peer
  /** Set by authorize; null for nobody in particular. */
  principal: Principal | null
}

/** A digest a client wants to write under. @throws RegistryError `digestInvalid`, `digestUnsupported`. */
export function digestToWrite(text: string): Digest {
  const reading = classifyDigest(text)
  if (reading.kind === 'supported') return reading.digest
  const kind = reading.kind === 'malformed' ? 'digestInvalid' : 'digestUnsupported'
  throw new RegistryError(kind, { detail: { digest: short(text) } })
}

/**
 * Returns the query parameters; none cost nothing. Many scripts append `&digest=…` to the Location of
 * an upload, whether or not that has a query, so parameters may follow the path at once. No path of
 * the registry has an ampersand of its own.
 */
export function queryOf(request: Request): URLSearchParams {
  const { url } = request
  const at = url.search(/[?&]/)
  if (at === -1) return noQuery
  return new URLSearchParams(url[at] === '?' ? url.slice(at) : url.slice(at).replace('?', '&'))
}

const noQuery = new URLSearchParams()

/** Whether the caller may do that, asked beside what the route itself requires. */
export async function mayAlso(
  call: Call,
  action: Action,
  repository: RepositoryName,
): Promise<boolean> {
  const { access } = call.deps
  if (access === null) return true
  const ask: Ask = { action, repository }
  const [decision] = await access.authorize(call.principal, [ask])
  return decision?.kind === 'allow'
}

/** The body's announced length in bytes. @throws RegistryError `sizeInvalid`. */
export function announcedLength(request: Request): number | null {
  const text = request.headers.get('content-length')
  if (text === null) return null
  const length = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(length)) throw new RegistryError('sizeInvalid')
  return length
}

/** A client's string, short enough for an error's detail. */
export function short(text: string): string {
  return text.length > 256 ? `${text.slice(0, 256)}…` : text
}
