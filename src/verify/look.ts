import { inspect, type TransferDeps, type Unreadable } from '../copy/transfer.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import { digestCost } from './spread.ts'

/** What readings of the bytes of a digest say. */
export type Look =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array | null }
  /** The first reading was wrong and the second was not: no fault of the bytes. */
  | { readonly kind: 'passing'; readonly bytes: Uint8Array | null }
  | { readonly kind: 'wrong'; readonly problem: Unreadable }

/**
 * Reads the bytes of a digest and hashes them. Only what two readings say is wrong, so that a fault of memory or of a
 * cable costs no content.
 *
 * @param keeps whether the caller gets the bytes: of a manifest
 */
export async function lookAt(
  deps: Omit<TransferDeps, 'to'>,
  ref: BlobRef,
  keeps: boolean,
): Promise<Look> {
  await deps.rate.take(digestCost)
  const first = await read(deps, ref, keeps)
  if (first.problem === null) return { kind: 'whole', bytes: first.bytes }
  const { problem, bytes } = await read({ ...deps, sent: () => {} }, ref, keeps)
  return problem === null ? { kind: 'passing', bytes } : { kind: 'wrong', problem }
}

async function read(
  deps: Omit<TransferDeps, 'to'>,
  ref: BlobRef,
  keeps: boolean,
): Promise<{ readonly problem: Unreadable | null; readonly bytes: Uint8Array | null }> {
  if (!keeps) return { problem: await inspect(deps, ref), bytes: null }
  const bytes = new Uint8Array(ref.size)
  let at = 0
  const problem = await inspect(deps, ref, (chunk) => {
    // A store that sends more than it said is found out by the hash.
    if (at + chunk.byteLength <= bytes.byteLength) bytes.set(chunk, at)
    at += chunk.byteLength
  })
  return { problem, bytes }
}
