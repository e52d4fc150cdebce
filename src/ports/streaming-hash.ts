import type { DigestAlgorithm } from '../oci/digest.ts'

/** A hash fed as bytes pass. */
export interface StreamingHash {
  /**
   * Takes the next bytes, which the caller may change or detach as soon as it returns. Returns a promise
   * only where a hash that is computed elsewhere is behind: the caller waits for it before the next bytes.
   */
  update(bytes: Uint8Array): void | Promise<void>
  /** The lowercase hex of what was fed so far; may be asked again, and feeding may go on. */
  digest(): string | Promise<string>
  /**
   * The state after what was fed so far, for `HashFactory` to go on from in another process. Absent
   * where the hash cannot be saved: its bytes are then read again.
   */
  save?(): Uint8Array
}

/** A hash that is computed where it is fed. */
export interface InlineHash extends StreamingHash {
  update(bytes: Uint8Array): void
  digest(): string
}

/**
 * Starts a hash, or goes on from a state that `save` of the same factory returned. A factory whose
 * hashes cannot be saved ignores `saved` and is never given one. Runtimes bring their native hash;
 * the core's portable one is slower by nine tenths, and can be saved.
 *
 * `savable` asks for a hash that can be saved, where there is a choice: an upload then goes on in another process
 * without its bytes being read again.
 *
 * `expected` says how many bytes are going to be fed, `Infinity` where that is not known, and nothing where
 * they are few: large content may be worth a thread of its own.
 */
export type HashFactory = (
  algorithm: DigestAlgorithm,
  saved?: Uint8Array,
  expected?: number,
  savable?: boolean,
) => StreamingHash
