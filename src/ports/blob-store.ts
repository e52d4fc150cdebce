import type { ByteSpan } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { UploadId } from '../oci/upload-id.ts'

/** Where the bytes of a digest are. */
export interface BlobRef {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  /** The store's own name for the bytes: a path on disk, an object key on S3. */
  readonly key: string
}

/** What is known of a blob before its bytes come. */
export interface StageHint {
  /** In bytes, where the client announced it. */
  readonly length?: number
  /** Announced, not yet verified. */
  readonly digest?: Digest
}

/**
 * How a store finds staged bytes again in another process: JSON, its shape the store's own, except
 * `size`, the bytes that outlive this process.
 */
export interface StageState {
  readonly size: number
  readonly [detail: string]: unknown
}

/**
 * Bytes, and nothing but bytes. Digests arrive verified: a store never hashes. What may be read by
 * whom, and what refers to what, is the metadata's business.
 *
 * Shaped so that object storage fits: no append to what was committed, no rename, and a key that
 * may be fixed before the digest is known.
 */
export interface BlobStore {
  /**
   * Opens a place for an upload's bytes. With `from`, goes on where that state ends and drops what
   * was written after it.
   *
   * @throws RegistryError `storageFull`, `storageReadOnly`; or any Error for other failures.
   */
  stage(id: UploadId, hint: StageHint, from?: StageState): Promise<StagedBlob>
  /** Opens committed bytes; null when they are missing or not of the size the reference says. */
  open(blob: BlobRef): Promise<OpenBlob | null>
  /** A URL a client may fetch the bytes from instead, for at most `ttlMs`; null when there is none. */
  presign?(blob: BlobRef, ttlMs: number): Promise<URL | null>
  /** Removes committed bytes; false when they were not there. */
  delete(blob: BlobRef): Promise<boolean>
  /** Every committed blob, in the store's order, from after the key `after`. */
  list(after?: string): AsyncIterable<BlobRef & { readonly modifiedAt: number }>
}

/** Committed bytes, opened. */
export interface OpenBlob {
  readonly size: number
  /**
   * The bytes of `span`, or all. Lazy: nothing is read before the first pull. The stream errors
   * when bytes are missing, and closes the blob at its end or on cancel.
   */
  stream(span?: ByteSpan): ReadableStream<Uint8Array>
  /** What the runtime's adapter can send faster than a stream: its own business. */
  readonly native?: unknown
  /** Lets go of what was opened; harmless when repeated. */
  close(): Promise<void>
}

/** Bytes on their way to become a blob. One writer at a time, which the service sees to. */
export interface StagedBlob {
  /** Bytes written so far, those of an earlier process included. */
  readonly size: number
  /**
   * Takes the next bytes and owns them. Returns a promise only where the writer is behind: the
   * caller waits for it before the next write.
   */
  write(chunk: Uint8Array): void | Promise<void>
  /** Lets go for now; what it returns outlives this process and continues it. */
  suspend(): Promise<StageState>
  /** The bytes written so far, to hash them again. */
  read(): ReadableStream<Uint8Array>
  /** Makes the bytes a blob. Once it resolves, they outlive power loss. */
  commit(digest: Digest): Promise<BlobRef>
  /** Drops the bytes; harmless when repeated, and after a failed write or commit. */
  discard(): Promise<void>
}
