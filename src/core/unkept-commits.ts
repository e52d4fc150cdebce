import type { UploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { UploadSession } from '../ports/upload-store.ts'

/** More are forgotten, the oldest first: their clients begin again, and their bytes are swept. */
const most = 1000

/**
 * Committed bytes that neither got a name nor could be kept with their session, as on a full disk. This
 * process remembers them, so that the client's next attempt can name them.
 */
export class UnkeptCommits {
  readonly #blobs: Map<UploadId, BlobRef> = new Map()

  put(id: UploadId, blob: BlobRef): void {
    this.#blobs.delete(id)
    this.#blobs.set(id, blob)
    for (const oldest of this.#blobs.keys()) {
      if (this.#blobs.size <= most) return
      this.#blobs.delete(oldest)
    }
  }

  /** Forgets what is remembered of a session; harmless where that is nothing. */
  drop(id: UploadId): void {
    this.#blobs.delete(id)
  }

  /** A session as it stands, what could not be kept with it included. */
  current(session: UploadSession): UploadSession {
    const committed = this.#blobs.get(session.id)
    return committed === undefined
      ? session
      : { ...session, offset: committed.size, stage: null, committed }
  }
}
