import { algorithmOf, digestOf } from '../oci/digest.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef, BlobStore } from '../ports/blob-store.ts'
import type { ByteSink } from '../ports/byte-source.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'
import type { ByteRate } from './byte-rate.ts'

/** What bytes are sent with. */
export interface TransferDeps {
  readonly from: BlobStore
  readonly to: BlobStore
  readonly hash: HashFactory
  readonly rate: ByteRate
  readonly signal: AbortSignal | undefined
  /** Told of bytes that were sent. */
  readonly sent: (bytes: number) => void
}

/** Why the bytes of a digest cannot be read. */
export interface Unreadable {
  readonly kind: 'missing' | 'damaged' | 'unreadable'
  readonly detail: string
}

/** What became of bytes: the reference in the target that nothing names yet, or why there is none. */
export type Transferred = { readonly kind: 'committed'; readonly blob: BlobRef } | Unreadable

/**
 * Sends the bytes of a blob, hashed as they pass, and commits them only where they are those of its digest.
 *
 * @throws whatever the target throws, and the reason of the signal.
 */
export async function transfer(deps: TransferDeps, ref: BlobRef): Promise<Transferred> {
  const reading = await begin(deps.from, ref)
  if ('kind' in reading) return reading
  const { digest, size } = ref
  const staged = await deps.to
    .stage(newUploadId(), { length: size, digest })
    .catch(async (error: unknown) => {
      await reading.cancel()
      throw error
    })
  try {
    const problem = await pump(deps, ref, reading, (chunk) => staged.write(chunk))
    if (problem === null) return { kind: 'committed', blob: await staged.commit(digest) }
    await staged.discard()
    return problem
  } catch (error) {
    await reading.cancel()
    await staged.discard().catch(() => {})
    throw error
  }
}

/**
 * Reads bytes, without sending them to another store; why they are not those of the digest, or null.
 *
 * @param take gets the bytes as they pass; default: nothing does
 */
export async function inspect(
  deps: Omit<TransferDeps, 'to'>,
  ref: BlobRef,
  take: ByteSink | null = null,
): Promise<Unreadable | null> {
  const reading = await begin(deps.from, ref)
  if ('kind' in reading) return reading
  try {
    return await pump(deps, ref, reading, take)
  } catch (error) {
    await reading.cancel()
    throw error
  }
}

/** A source's bytes, on their way. */
interface Reading {
  /** Null at the end. */
  next(): Promise<Uint8Array | Unreadable | null>
  cancel(): Promise<void>
}

async function begin(from: BlobStore, ref: BlobRef): Promise<Reading | Unreadable> {
  try {
    const open = await from.open(ref, 'anew')
    if (open === null) return { kind: 'missing', detail: `${ref.size} bytes are not there` }
    const reader = open.stream().getReader()
    return {
      async next() {
        try {
          const { done, value } = await reader.read()
          return done ? null : value
        } catch (error) {
          return await unreadable(from, error)
        }
      },
      cancel: () => reader.cancel().catch(() => {}),
    }
  } catch (error) {
    return await unreadable(from, error)
  }
}

/** A store that is away fails for everything: that ends the copy, or is tried again. */
async function unreadable(from: BlobStore, error: unknown): Promise<Unreadable> {
  await from.check?.()
  return { kind: 'unreadable', detail: error instanceof Error ? error.message : String(error) }
}

async function pump(
  { hash: startHash, rate, signal, sent }: Omit<TransferDeps, 'from' | 'to'>,
  { digest, size }: BlobRef,
  reading: Reading,
  take: ByteSink | null,
): Promise<Unreadable | null> {
  const algorithm = algorithmOf(digest)
  const hash = startHash(algorithm, undefined, size)
  let read = 0
  for (;;) {
    signal?.throwIfAborted()
    const chunk = await reading.next()
    if (chunk === null) break
    if (!(chunk instanceof Uint8Array)) return chunk
    const { byteLength } = chunk
    read += byteLength
    // Before another has it: that may detach its memory.
    await hash.update(chunk)
    await rate.take(byteLength)
    await take?.(chunk)
    sent(byteLength)
  }
  const found = digestOf(algorithm, await hash.digest())
  if (read === size && found === digest) return null
  return { kind: 'damaged', detail: `${read} bytes were read, of ${size}, and they are ${found}` }
}
