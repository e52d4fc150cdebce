import type { ByteSpan, OpenBlob } from '../../src/kit.ts'

/** A small blob whose bytes were read when it was opened. */
export function openBytes(bytes: Uint8Array): OpenBlob {
  return {
    size: bytes.byteLength,
    bytes,
    close: async () => {},
    stream: (span = { start: 0, end: bytes.byteLength }) => streamOf(bytes, span),
  }
}

function streamOf(bytes: Uint8Array, span: ByteSpan): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (span.end > bytes.byteLength) throw new Error(`the blob ends before byte ${span.end}`)
        if (span.end > span.start) controller.enqueue(bytes.slice(span.start, span.end))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
