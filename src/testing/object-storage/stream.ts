import type { ByteSpan } from '../../kit.ts'
import type { ObjectBucket } from './bucket.ts'

const pieceBytes = 64 * 1024

/** A stream that asks `chunks` for the next one only when it is read. */
export function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Reads part of an object piece by piece. @throws Error where the object ends before the span. */
export async function* objectPieces(
  bucket: ObjectBucket,
  key: string,
  span: ByteSpan,
): AsyncGenerator<Uint8Array> {
  let at = span.start
  while (at < span.end) {
    const piece = await bucket.get(key, { start: at, end: Math.min(at + pieceBytes, span.end) })
    at += piece.byteLength
    yield piece
  }
}
