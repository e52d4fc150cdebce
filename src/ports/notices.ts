import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { TracePlace } from './tracing.ts'

/** Something an operator may want to know of that no client is told. */
export type Notice =
  /** A request failed through no fault of the client. */
  | {
      readonly kind: 'failure'
      readonly requestId: string
      readonly method: string
      readonly path: string
      /** The span of the request, where the registry traces. */
      readonly trace?: TracePlace
      readonly error: unknown
    }
  /** An idle upload session was ended and its bytes dropped. */
  | { readonly kind: 'upload-expired'; readonly id: UploadId; readonly repository: RepositoryName }
  /** Something beside the requests failed. */
  | {
      readonly kind: 'background-failure'
      readonly task: string
      readonly error: unknown
      /** Whether it is tried again by itself. */
      readonly retried: boolean
    }
  /** A callback of the program around the registry threw. */
  | { readonly kind: 'callback-failure'; readonly callback: string; readonly error: unknown }
  /** The bytes of a digest are missing or damaged; a push of the same content heals them. */
  | {
      readonly kind: 'bytes-missing'
      readonly digest: Digest
      readonly key: string
      readonly problem: string
    }
  /** Bytes that no name points at were deleted. */
  | { readonly kind: 'bytes-swept'; readonly key: string; readonly size: number }
  /** A collection of garbage ended: what it freed, also where that is nothing. */
  | {
      readonly kind: 'garbage-collected'
      /** Blobs whose bytes were deleted. */
      readonly blobs: number
      /** Their size together, in bytes. */
      readonly bytes: number
      /** Empty repositories that were dropped. */
      readonly repositories: number
      /** How long it took, in milliseconds. */
      readonly ms: number
      /** False where it failed or was stopped before its end. */
      readonly isComplete: boolean
    }
  /** The store was damaged and went on from what is whole; nothing acknowledged was forgotten. */
  | { readonly kind: 'store-recovered'; readonly file: string; readonly detail: string }
  /**
   * The host application cuts another part off the path than `prefix` and `stripped` say, so that
   * requests match no route. Reported once.
   */
  | { readonly kind: 'mount-mismatch'; readonly detail: string }
  /** The store stopped writing until the process starts again. */
  | { readonly kind: 'store-read-only'; readonly error: unknown }
  /** A part of the store went from one condition to another: once for each change. */
  | {
      readonly kind: 'store-condition'
      /** What it is about: names, the bytes of blobs, or unfinished uploads. */
      readonly part: 'metadata' | 'blobs' | 'uploads'
      readonly state: 'ok' | 'full' | 'read-only' | 'unavailable'
      /** Why it is not ok, without paths of the host; null where it is. */
      readonly reason: string | null
      /** What the system said; null where it is ok. */
      readonly error: unknown
    }
  /** A receiver of webhooks fails again and again, or takes messages again: once for each change. */
  | {
      readonly kind: 'webhook-condition'
      readonly endpoint: string
      /** The scheme and host of its URL. */
      readonly origin: string
      /** Why it fails; null where it does not any more. */
      readonly error: string | null
    }
  /** Messages to a receiver were given up. They can be sent again. */
  | {
      readonly kind: 'webhook-dead-letters'
      readonly endpoint: string
      readonly origin: string
      readonly count: number
      /** Why the last of them was. */
      readonly error: string | null
    }
  /** More messages waited for a receiver than it may have. */
  | {
      readonly kind: 'webhook-outbox-full'
      /** Messages that waited and became dead letters. */
      readonly buried: number
      /** Dead letters that are gone. */
      readonly dropped: number
    }
  /** Messages to a receiver that is in the settings no more were dropped after a week. */
  | { readonly kind: 'webhook-strays-dropped'; readonly endpoint: string; readonly count: number }

/** Takes notices. One that throws harms nothing. */
export type NoticeSink = (notice: Notice) => void
