import type { ByteSpan } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { BlobFigures } from './figures.ts'

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
  /** Whether the client sends the blob in chunks, so that more than this one may come. */
  readonly chunked?: boolean
}

/**
 * How a store finds staged bytes again in another process: JSON, its shape the store's own, except
 * `size`, the bytes that outlive this process.
 */
export interface StageState {
  readonly size: number
  readonly [detail: string]: unknown
}

/** A key, and what the store itself knows of the digest. */
export interface StoredKey {
  /** As in {@link BlobRef.key}. */
  readonly key: string
  /** The digest the bytes were committed under; null where the store does not keep it with them. */
  readonly digest: Digest | null
}

/** Bytes a store holds, as it lists them. */
export interface StoredBytes extends StoredKey {
  /** In bytes. */
  readonly size: number
  /** When the key was committed, or written, in milliseconds since the epoch. */
  readonly committedAt: number
}

/**
 * Bytes, and nothing but bytes. Digests arrive verified: a store never hashes. Who may read what,
 * and what refers to what, is the metadata's concern.
 *
 * **A key is used once.** Each commit makes a key that the store never gives to other bytes, not
 * even to the same digest pushed again. Deleting a key therefore never deletes what another
 * registry or process has just committed, and no lock between commit and link is needed.
 *
 * Every method may be called again after it failed: each is idempotent. Every method may throw
 * RegistryError `unavailable` where the store cannot be reached now; `storageFull` and
 * `storageReadOnly` where bytes are written.
 */
export interface BlobStore {
  /**
   * Fewest bytes of a part that is not the last, where the store has such parts: chunks of an upload that are
   * smaller are taken, but cost more. Clients are told of it.
   */
  readonly minChunkBytes?: number
  /**
   * Opens a place for an upload's bytes. With `from`, goes on where that state ends and drops what
   * was written after it. A writer of the same upload that is still open can write no more.
   *
   * @throws RegistryError `uploadUnknown` when the bytes of `from` are not all there.
   */
  stage(id: UploadId, hint: StageHint, from?: StageState): Promise<StagedBlob>
  /**
   * Opens committed bytes; null when they are missing or not of the size the reference says.
   *
   * @param how `anew`: from where the bytes are kept, and not from a copy in memory. A span: what will be read,
   *   for a store that begins to read at once; a hint, and another may be read all the same.
   */
  open(blob: BlobRef, how?: 'anew' | ByteSpan): Promise<OpenBlob | null>
  /** A URL a client may fetch the bytes from instead, for at least `ttlMs`; null when there is none. */
  presign?(blob: BlobRef, ttlMs: number): Promise<URL | null>
  /** Removes committed bytes, given by a reference or as they are listed; false when they were not there. */
  delete(blob: BlobRef | StoredBytes): Promise<boolean>
  /**
   * Puts damaged bytes aside for a person to look at: from then on neither `open` nor `list` finds them. Where they
   * are, in words; null where there are none. The caller has noted that they are missing.
   */
  quarantine?(blob: BlobRef): Promise<string | null>
  /**
   * Every committed key after the key `after`, in the store's order: to find bytes that no name
   * points at, and to verify. A store that cannot tell them apart also lists keys that staged bytes
   * are under: a sweep leaves those alone that are younger than an upload may be.
   */
  list(after?: string): AsyncIterable<StoredBytes>
  /**
   * Rewrites what wastes room, such as files of many blobs of which most were deleted. Each blob that
   * gets another key is told to `move`, once its bytes are durable under both; `move` deletes the one
   * that is not named afterwards. Readers notice nothing. Returns how many bytes were given back.
   */
  compact?(move: (from: BlobRef, to: BlobRef) => Promise<void>): Promise<number>
  /** Figures for operators. They cost the same however much is stored; nothing is looked up. */
  figures?(): BlobFigures
  /** Whether the store can be used now. @throws Error that says why not. */
  check?(): Promise<void>
  /** Releases what the store holds open; harmless when repeated. */
  close(): Promise<void>
}

/** Committed bytes, opened. */
export interface OpenBlob {
  readonly size: number
  /**
   * The bytes of `span`, or all. Lazy: nothing is read before the first pull. The stream errors
   * when bytes are missing, and closes the blob at its end or on cancel.
   */
  stream(span?: ByteSpan): ReadableStream<Uint8Array>
  /**
   * All the bytes, where opening has brought them into memory: small content. Not to be changed. Nothing of
   * such a blob is open: the core may keep it for a while, and have several readers stream it.
   */
  readonly bytes?: Uint8Array
  /** What the runtime's adapter can send faster than a stream; only that adapter looks at it. */
  readonly native?: unknown
  /** Releases what was opened; harmless when repeated. */
  close(): Promise<void>
}

/** Bytes on their way to become a blob. One writer at a time, which the service ensures. */
export interface StagedBlob {
  /** Bytes written so far, those of an earlier process included. */
  readonly size: number
  /**
   * Takes the next bytes and owns them: it may detach or reuse their memory. Returns a promise only
   * where the writer is behind: the caller waits for it before the next write.
   */
  write(chunk: Uint8Array): void | Promise<void>
  /** Releases the bytes for now; the state it returns outlives this process and continues them. */
  suspend(): Promise<StageState>
  /**
   * Releases the bytes and drops those written since the state they were opened from, which stays good.
   * For a store in which {@link suspend} costs something. Harmless when repeated, and after a failure.
   */
  revert?(): Promise<void>
  /** The bytes written so far, to hash them again. */
  read(): ReadableStream<Uint8Array>
  /**
   * Makes the bytes a blob under a key never used before. Once it resolves, they outlive power loss.
   * When it throws `storageFull` or `unavailable`, the bytes of the last suspended state are still
   * there: `stage` with that state continues them.
   */
  commit(digest: Digest): Promise<BlobRef>
  /** Drops the bytes; harmless when repeated, and after a failed write or commit. */
  discard(): Promise<void>
}
