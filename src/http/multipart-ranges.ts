import type { ByteSpan } from '../oci/byte-range.ts'

/** The body of a 206 that answers several ranges (RFC 9110, section 14.6). */
export interface MultipartRanges {
  readonly contentType: string
  /** In bytes. */
  readonly length: number
  readonly stream: ReadableStream<Uint8Array>
}

const encoder = new TextEncoder()

/**
 * Puts the parts of a blob into one body, one after the other: no two are open at the same time.
 *
 * @param size of the whole blob, in bytes
 * @param first streams the first span; it is cancelled if the body is
 * @param open gives the stream of a later span, once its turn has come
 */
export function multipartRanges(
  spans: readonly ByteSpan[],
  size: number,
  first: ReadableStream<Uint8Array>,
  open: (span: ByteSpan) => Promise<ReadableStream<Uint8Array>>,
): MultipartRanges {
  const boundary = crypto.randomUUID()
  const heads = spans.map(({ start, end }, index) =>
    encoder.encode(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/octet-stream\r\n` +
        `Content-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n`,
    ),
  )
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`)
  let length = tail.byteLength
  for (const head of heads) length += head.byteLength
  for (const { start, end } of spans) length += end - start

  let reader = first.getReader()
  async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
    for (const [index, span] of spans.entries()) {
      yield heads[index] as Uint8Array
      if (index > 0) reader = (await open(span)).getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        yield next.value
      }
    }
    yield tail
  }
  const body = pieces()
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await body.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel(reason) {
        await reader.cancel(reason)
        // A part that was just being opened is the reader only now.
        await body.return()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, stream }
}
