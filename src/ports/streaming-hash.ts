import type { DigestAlgorithm } from '../oci/digest.ts'

/** A hash fed as bytes pass. */
export interface StreamingHash {
  update(bytes: Uint8Array): void
  /** The lowercase hex of what was fed so far; may be asked again, and feeding may go on. */
  digest(): string
  /**
   * The state after what was fed so far, for `HashFactory` to go on from in another process. Absent
   * where the hash cannot be saved: its bytes are then read again.
   */
  save?(): Uint8Array
}

/**
 * Starts a hash, or goes on from a state that `save` of the same factory returned. A factory whose
 * hashes cannot be saved ignores `saved` and is never given one. Runtimes bring their native hash;
 * the core's portable one is slower.
 */
export type HashFactory = (algorithm: DigestAlgorithm, saved?: Uint8Array) => StreamingHash
