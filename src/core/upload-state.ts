import { type ChunkRange, chunkLength } from '../oci/content-range.ts'
import type { ErrorName } from '../oci/error-codes.ts'

/**
 * The rules of an upload session, without bytes or stores: what a chunk may do to a session that
 * stands at `offset`, and where the session stands when the chunk has ended, however it ended.
 */

/** What a request says of the chunk it carries. */
export interface ChunkHeaders {
  /** In bytes, where announced. */
  readonly length?: number
  readonly range?: ChunkRange
}

/** Whether a chunk may begin. */
export type Admission =
  | {
      readonly kind: 'accept'
      /** How many bytes it has to have, where that was said. */
      readonly expected: number | null
    }
  | { readonly kind: 'refuse'; readonly error: ErrorName }

/** How the reading of a chunk's body ended. */
export type ChunkEnd = 'complete' | 'interrupted' | 'overlong'

/** Where a session stands after a chunk. */
export type Settlement =
  /** The chunk counts: answer with the new offset. */
  | { readonly kind: 'advance'; readonly offset: number }
  /** What came counts, though the client has to be told that more was meant to come. */
  | { readonly kind: 'keep'; readonly offset: number; readonly error: ErrorName }
  /** Nothing of the chunk counts: the session is as it was. */
  | { readonly kind: 'rollback'; readonly error: ErrorName }

/**
 * Decides before the first byte is read. A chunk that starts anywhere but at the end, a replay of
 * an accepted one included, is out of order (end-5, end-6).
 *
 * @param offset bytes the session has acknowledged
 * @param limit the largest blob taken, in bytes
 */
export function admitChunk(offset: number, claim: ChunkHeaders, limit: number): Admission {
  const { length, range } = claim
  if (range !== undefined && range.first !== offset) {
    return { kind: 'refuse', error: 'chunkOutOfOrder' }
  }
  const ranged = range === undefined ? null : chunkLength(range)
  if (ranged !== null && length !== undefined && ranged !== length) {
    return { kind: 'refuse', error: 'sizeInvalid' }
  }
  const expected = ranged ?? length ?? null
  if (expected !== null && offset + expected > limit)
    return { kind: 'refuse', error: 'blobTooLarge' }
  return { kind: 'accept', expected }
}

/** Decides when the body has ended, after `received` bytes. */
export function settleChunk(
  offset: number,
  expected: number | null,
  received: number,
  end: ChunkEnd,
): Settlement {
  if (end === 'overlong') return { kind: 'rollback', error: 'sizeInvalid' }
  if (end === 'interrupted') {
    return { kind: 'keep', offset: offset + received, error: 'uploadBroken' }
  }
  if (expected !== null && received !== expected) return { kind: 'rollback', error: 'sizeInvalid' }
  return { kind: 'advance', offset: offset + received }
}
