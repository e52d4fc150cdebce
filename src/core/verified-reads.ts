import { algorithmOf, digestOf } from '../oci/digest.ts'
import type { BlobRef, OpenBlob } from '../ports/blob-store.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'

/** What verified reads work with. */
export interface VerifiedReadsDeps {
  readonly hash: HashFactory
  /** Told of bytes that are not those of their digest. Never rejects. */
  readonly damaged: (blob: BlobRef) => Promise<unknown>
}

/** Opens a blob that is hashed as it is read; null where its bytes are in memory and wrong. */
export type VerifiedReads = (ref: BlobRef, open: OpenBlob) => OpenBlob | Promise<OpenBlob | null>

/**
 * Hashes blobs as they are read whole. A stream of one that is wrong errors before its last bytes, so that the client
 * sees a transfer that broke off, whatever it checks itself.
 */
export function verifiedReads(deps: VerifiedReadsDeps): VerifiedReads {
  /** Bytes that were right: a store may open the same ones again and again. */
  const whole: WeakSet<Uint8Array> = new WeakSet()

  async function inMemory(
    ref: BlobRef,
    open: OpenBlob,
    bytes: Uint8Array,
  ): Promise<OpenBlob | null> {
    const algorithm = algorithmOf(ref.digest)
    const hash = deps.hash(algorithm)
    await hash.update(bytes)
    if (digestOf(algorithm, await hash.digest()) === ref.digest) {
      whole.add(bytes)
      return open
    }
    await open.close()
    await deps.damaged(ref)
    return null
  }

  return (ref, open) => {
    const { bytes, size } = open
    if (bytes !== undefined) return whole.has(bytes) ? open : inMemory(ref, open, bytes)
    // Without `native`: what a runtime sends by itself is not hashed.
    return {
      size,
      stream: (span) =>
        span === undefined || (span.start === 0 && span.end === size)
          ? ofFixedLength(size, verifiedStream(deps, ref, open.stream(span)))
          : open.stream(span),
      close: () => open.close(),
    }
  }
}

function verifiedStream(
  { hash: startHash, damaged }: VerifiedReadsDeps,
  ref: BlobRef,
  stream: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const { digest, size } = ref
  const algorithm = algorithmOf(digest)
  const hash = startHash(algorithm, undefined, size)
  const reader = stream.getReader()
  let position = 0
  const expectWhole = async (): Promise<void> => {
    if (position === size && digestOf(algorithm, await hash.digest()) === digest) return
    void reader.cancel().catch(() => {})
    await damaged(ref)
    throw new Error(`the bytes under ${ref.key} are not those of ${digest}`)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) {
          if (position < size || size === 0) await expectWhole()
          controller.close()
          return
        }
        position += value.byteLength
        const busy = hash.update(value)
        if (busy !== undefined) await busy
        // The last bytes go out once it is known that all are right.
        if (position >= size) await expectWhole()
        controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** What Cloudflare's runtime has beside the web's standards. */
interface WithFixedLengths {
  readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>
}

/**
 * The same stream, where a runtime tells clients the length of such alone: it would send others in chunks, and end
 * them well where they fail.
 */
function ofFixedLength(
  size: number,
  stream: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as WithFixedLengths
  if (FixedLengthStream === undefined) return stream
  const { readable, writable } = new FixedLengthStream(size)
  // Who reads learns of a failure.
  stream.pipeTo(writable).catch(() => {})
  return readable
}
