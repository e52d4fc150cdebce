import { classifyDigest, type Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import type { RedirectPolicy, RegistryLimits } from '../options.ts'
import type { Access, AccessRequest, Peer, Principal } from '../ports/access.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { RequestObserver } from '../ports/observer.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { TracePlace, Tracing } from '../ports/tracing.ts'
import type { BodyBudget } from './body-budget.ts'
import type { Cors } from './cors.ts'
import { type Exchange, exchangeOf } from './exchange.ts'
import { peerOf } from './peer.ts'
import { requestIdOf } from './request-id.ts'
import type { SealedCursors } from './sealed-cursor.ts'
import { placeOf } from './traced.ts'

/** What the handlers of one registry work with. */
export interface HttpDeps {
  readonly service: RegistryService
  readonly limits: RegistryLimits
  readonly access: Access | null
  readonly redirect: RedirectPolicy
  /** The memory of bodies that are read whole. */
  readonly bodies: BodyBudget
  /** Never throws; null where nothing observes. */
  readonly observe: RequestObserver | null
  /** Null where nothing is traced. */
  readonly tracing: Tracing | null
  /** Never throws. */
  readonly onNotice: NoticeSink
  readonly cors: Cors | null
  /** Cursors of the catalog. */
  readonly cursors: SealedCursors
  /** What stands before `/v2` in public paths. */
  readonly prefix: string
}

/** One request on its way through a handler: also the context of the service calls it makes. */
export class Call implements CallContext, AccessRequest {
  readonly deps: HttpDeps
  readonly request: Request
  /** Whether only the head of the answer is wanted. */
  readonly head: boolean
  readonly context: object | undefined
  /** Set by authorize; null for an anonymous caller. */
  principal: Principal | null = null
  /** Set by authorize: which of the route's optional asks were allowed, in their order. */
  granted: readonly boolean[] = []
  /** Set by authorize: which tags stay where they are; null for none. */
  isImmutable: ((tag: Tag) => boolean) | null = null
  readonly isProgram = false

  constructor(deps: HttpDeps, request: Request, context: object | undefined) {
    this.deps = deps
    this.request = request
    this.head = request.method === 'HEAD'
    this.context = context
  }

  /** Where the request is observed: what is learnt of it goes there too. */
  get exchange(): Exchange | null {
    return exchangeOf(this.request)
  }

  get method(): string {
    return this.request.method
  }

  get url(): string {
    return this.request.url
  }

  get headers(): Headers {
    return this.request.headers
  }

  get trace(): TracePlace | null {
    return placeOf(this.exchange)
  }

  get peer(): Peer {
    return peerOf(this.request)
  }

  get requestId(): string {
    return requestIdOf(this.request)
  }

  get signal(): AbortSignal {
    return this.request.signal
  }
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
