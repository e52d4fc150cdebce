import type { DigestAlgorithm } from '../oci/digest.ts'

/** A hash fed as bytes pass. */
export interface StreamingHash {
  update(bytes: Uint8Array): void
  /** The lowercase hex of what was fed so far; may be asked again, and feeding may go on. */
  digest(): string
}

/** Starts a hash. Runtimes bring their native one; the core's portable one is slower. */
export type HashFactory = (algorithm: DigestAlgorithm) => StreamingHash
