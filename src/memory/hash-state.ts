import { _SHA256, _SHA512 } from '@noble/hashes/sha2.js'
import type { DigestAlgorithm } from '../oci/digest.ts'

/** A hash under way whose state can be written down, and taken up again in another process. */
export interface ResumableHash {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  clone(): { digest(): Uint8Array }
  /** The words of the state, the count of bytes, and those bytes that are not yet a block. */
  save(): Uint8Array
}

/**
 * Starts a hash, or goes on from what `save` returned for the same algorithm.
 *
 * @throws Error when `saved` is not such a state.
 */
export function resumableHash(algorithm: DigestAlgorithm, saved?: Uint8Array): ResumableHash {
  const hash = algorithm === 'sha256' ? new Resumable256() : new Resumable512()
  if (saved !== undefined) hash.restore(saved)
  return hash
}

/*
 * The hashes keep their state in members that only subclasses may touch. The dependency is pinned to
 * one version, and a test compares every resumed hash with a native one.
 */

class Resumable256 extends _SHA256 {
  save(): Uint8Array {
    return stateBytes(this.get(), this.length, this.buffer)
  }

  restore(saved: Uint8Array): void {
    const { words, length, rest } = parseState(saved, 8, this.blockLen)
    this.set(...(words as Parameters<typeof this.set>))
    this.buffer.set(rest)
    this.length = length
    this.pos = rest.byteLength
  }
}

class Resumable512 extends _SHA512 {
  save(): Uint8Array {
    return stateBytes(this.get(), this.length, this.buffer)
  }

  restore(saved: Uint8Array): void {
    const { words, length, rest } = parseState(saved, 16, this.blockLen)
    this.set(...(words as Parameters<typeof this.set>))
    this.buffer.set(rest)
    this.length = length
    this.pos = rest.byteLength
  }
}

function stateBytes(words: readonly number[], length: number, buffer: Uint8Array): Uint8Array {
  const rest = buffer.subarray(0, length % buffer.byteLength)
  const bytes = new Uint8Array(words.length * 4 + 8 + rest.byteLength)
  const view = new DataView(bytes.buffer)
  for (const [index, word] of words.entries()) view.setInt32(index * 4, word)
  view.setBigUint64(words.length * 4, BigInt(length))
  bytes.set(rest, words.length * 4 + 8)
  return bytes
}

function parseState(
  saved: Uint8Array,
  wordCount: number,
  blockBytes: number,
): { readonly words: readonly number[]; readonly length: number; readonly rest: Uint8Array } {
  const head = wordCount * 4 + 8
  const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength)
  const length = saved.byteLength < head ? -1 : Number(view.getBigUint64(wordCount * 4))
  const rest = saved.subarray(head)
  if (!Number.isSafeInteger(length) || length < 0 || rest.byteLength !== length % blockBytes) {
    throw new Error(`not the state of a hash: ${saved.byteLength} bytes`)
  }
  const words = Array.from({ length: wordCount }, (_, index) => view.getInt32(index * 4))
  return { words, length, rest }
}
