import type { DigestAlgorithm } from '../oci/digest.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { StreamingHash } from '../ports/streaming-hash.ts'

/** A hash that goes on where the session's last request in this process ended. */
export interface RunningHash {
  readonly algorithm: DigestAlgorithm
  readonly hash: StreamingHash
  /** Bytes fed. */
  fed: number
}

/** More sessions than this in one process hash their bytes again at the end. */
const most = 10_000

/**
 * Hashes of sessions between their requests. A session may go on, end or expire on another node, so
 * each is kept only so long, and only so many.
 */
export class RunningHashes {
  readonly #idleMs: number
  /** The longest unused first. */
  readonly #entries: Map<UploadId, RunningHash & { readonly since: number }> = new Map()

  /** @param idleMs how long a session may be idle, in milliseconds */
  constructor(idleMs: number) {
    this.#idleMs = idleMs
  }

  get size(): number {
    return this.#entries.size
  }

  /** Hands a session's hash over; the next request gets it only after {@link put}. */
  take(id: UploadId): RunningHash | null {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    return entry ?? null
  }

  put(id: UploadId, { algorithm, hash, fed }: RunningHash): void {
    this.#entries.delete(id)
    this.#entries.set(id, { algorithm, hash, fed, since: performance.now() })
    this.prune()
  }

  /** Drops what was not used for as long as a session may be idle, and what is too many. */
  prune(): void {
    const before = performance.now() - this.#idleMs
    for (const [id, entry] of this.#entries) {
      if (entry.since >= before && this.#entries.size <= most) return
      this.#entries.delete(id)
    }
  }
}
