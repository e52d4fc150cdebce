import { type Exchange, exchangeOf } from '../../http/exchange.ts'
import { peerOf } from '../../http/peer.ts'
import { requestIdOf } from '../../http/request-id.ts'
import type { Tag } from '../../oci/tag.ts'
import type { AccessRequest, Peer, Principal } from '../../ports/access.ts'
import type { CallContext } from '../../ports/call-context.ts'

/** A request to the page, as an `Access` and the service see it. */
export class PageCall implements CallContext, AccessRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly peer: Peer
  readonly requestId: string
  readonly context: object | undefined
  readonly signal: AbortSignal
  readonly isPage = true
  /** A look is no pull. */
  readonly inspects = true
  readonly isProgram = false
  /** Set once it is known; null for an anonymous caller. */
  principal: Principal | null = null
  readonly isImmutable: ((tag: Tag) => boolean) | null = null

  /** Where the request is observed. */
  readonly exchange: Exchange | null

  /** @param headers in place of the request's own */
  constructor(request: Request, context: object | undefined, headers: Headers = request.headers) {
    this.method = request.method
    this.url = request.url
    this.headers = headers
    this.peer = peerOf(request)
    this.requestId = requestIdOf(request)
    this.context = context
    this.signal = request.signal
    this.exchange = exchangeOf(request)
  }
}

/** Says in the report of a request who sent it. */
export function reportCaller(request: Request, principal: Principal | null, rule?: string): void {
  const exchange = exchangeOf(request)
  if (exchange === null) return
  exchange.principal = principal
  if (rule !== undefined) exchange.rule = rule
}

/** Headers with credentials of a session in place of their own. */
export function withCredentials(headers: Headers, user: string, password: string): Headers {
  const changed = new Headers(headers)
  const bytes = new TextEncoder().encode(`${user}:${password}`)
  changed.set('authorization', `Basic ${btoa(String.fromCharCode(...bytes))}`)
  return changed
}
