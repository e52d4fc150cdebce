import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'

/** Something an operator may want to know of that no client is told. */
export type RegistryEvent =
  /** A request failed for no fault of the client's. */
  | {
      readonly kind: 'failure'
      readonly requestId: string
      readonly method: string
      readonly path: string
      readonly error: unknown
    }
  /** An idle upload session was ended and its bytes dropped. */
  | { readonly kind: 'upload-expired'; readonly id: UploadId; readonly repository: RepositoryName }
  /** Something that no client waits for failed. */
  | {
      readonly kind: 'background-failure'
      readonly task: string
      readonly error: unknown
      /** Whether it will be tried again by itself. Default: false. */
      readonly retried?: boolean
    }
  /** The store was damaged and went on from what is whole; nothing acknowledged was forgotten. */
  | { readonly kind: 'store-recovered'; readonly file: string; readonly detail: string }
  /**
   * The host application cuts another part off the path than `prefix` and `stripped` say, so that
   * requests match no route. Reported once.
   */
  | { readonly kind: 'mount-mismatch'; readonly detail: string }
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
  /** The store stopped writing until the process starts again. */
  | { readonly kind: 'store-read-only'; readonly error: unknown }

/** Takes events; must not throw and must not wait. */
export type EventSink = (event: RegistryEvent) => void
