import type { Tag } from '../oci/tag.ts'
import type { Peer, Principal } from './access.ts'
import type { TracePlace } from './tracing.ts'

/**
 * Who and what a call is made for. It travels from the HTTP layer through every wrapper to the
 * service, so that a wrapper can decide, count and log by it. A program makes one with
 * `callContext()`.
 */
export interface CallContext {
  /** Who calls; null for an anonymous caller, and for the program itself. */
  readonly principal: Principal | null
  /** The id the request goes by in logs and events. */
  readonly requestId: string
  /** Where the request came from, as far as that is known. */
  readonly peer: Peer
  /** Aborted once the caller no longer waits for the answer. */
  readonly signal: AbortSignal
  /**
   * Which tags do not move or go on behalf of the caller, as its `Ruling` says; null for none. The service
   * holds a change against it in the same step that makes it, so a wrapper that passes the context on
   * cannot lose it. One that answers a change by itself has to ask it.
   */
  readonly isImmutable: ((tag: Tag) => boolean) | null
  /**
   * Whether the program makes the call for itself, and not on behalf of a caller. It may then go on with
   * every upload session. Without it, a call without a principal is an anonymous caller's.
   */
  readonly isProgram: boolean
  /**
   * Whether the caller looks at what is stored without pulling it, as a person does at a page about it: then its reads
   * are not noted, and are not events. Default: false.
   */
  readonly inspects?: boolean
  /** The span of the request it is made for, where the registry traces. */
  readonly trace?: TracePlace | null
}
