import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Peer, Principal } from './access.ts'
import type { TracePlace } from './tracing.ts'

/** One request and what became of it, in the same shape on every runtime. */
export interface RequestReport {
  readonly requestId: string
  readonly method: string
  /** The path and query, as they arrived. */
  readonly target: string
  /** The pattern of the route, such as `/v2/<name>/blobs/<digest>`; null where none matched. */
  readonly route: string | null
  /** The repository the path names, if any. */
  readonly repository: RepositoryName | null
  /** The tag or digest the path names, if any. */
  readonly reference: Reference | null
  /** Null for an anonymous caller, and for a request that was answered before that was asked. */
  readonly principal: Principal | null
  /** The rule of the access that decided, where it names one; of a refusal, the one that refused. */
  readonly rule: string | null
  /** The digest of the blob or manifest that was read or stored, where it came to that. */
  readonly digest: Digest | null
  /** Its span, where the registry traces; null otherwise. */
  readonly trace: TracePlace | null
  readonly peer: Peer
  readonly userAgent: string | null
  /** HTTP status; null where the client went away before there was an answer. */
  readonly status: number | null
  /** The specification's code of an error answer, such as `BLOB_UNKNOWN`. */
  readonly errorCode: string | null
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number
  /** Bytes of the answer's body that were sent; null where the runtime does not tell. */
  readonly bytesOut: number | null
  /** From the arrival of the request's head to the end of the answer. */
  readonly milliseconds: number
  /** Whether the client went away before the answer was complete; null where nobody can tell. */
  readonly cutShort: boolean | null
}

/**
 * Takes a report of every request once it has ended. Called beside the requests: what it throws is a
 * notice and harms nothing.
 *
 * @example
 * const observe: RequestObserver = ({ method, route, status, milliseconds }) =>
 *   durations.labels(method, route ?? 'none', String(status)).observe(milliseconds / 1000)
 */
export type RequestObserver = (report: RequestReport) => void
