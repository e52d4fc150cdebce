import type { ByteSpan } from '../oci/byte-range.ts'

/** Bytes kept as the chunks they came in: they grow and shrink at the end, and stream from anywhere. */
export class ChunkList {
  #chunks: Uint8Array[] = []
  /** Where each chunk starts. */
  #starts: number[] = []
  #size = 0

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** Adds a chunk at the end and owns it from then on. */
  append(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return
    this.#starts.push(this.#size)
    this.#chunks.push(withoutSlack(chunk))
    this.#size += chunk.byteLength
  }

  /**
   * Moves the first `size` bytes into a list of their own and leaves this one empty, so that a holder of
   * this one can no longer touch them. The cost grows with what is dropped, not what is kept.
   */
  moveFirst(size: number): ChunkList {
    const moved = new ChunkList()
    moved.#chunks = this.#chunks
    moved.#starts = this.#starts
    moved.#size = this.#size
    this.#chunks = []
    this.#starts = []
    this.#size = 0
    moved.#cut(size)
    return moved
  }

  /**
   * The bytes of `span`, without copying them. Nothing happens before the first read; the stream
   * errors where the span goes beyond the end.
   */
  stream(span: ByteSpan = { start: 0, end: this.#size }): ReadableStream<Uint8Array> {
    let at = span.start
    let index = this.#indexAt(span.start)
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (at < span.end) {
            const chunk = this.#chunks[index]
            const start = this.#starts[index]
            if (chunk === undefined || start === undefined || at >= start + chunk.byteLength) {
              throw new Error(`the bytes end at ${this.#size}, before ${span.end}`)
            }
            const piece = chunk.subarray(at - start, span.end - start)
            controller.enqueue(piece)
            at += piece.byteLength
            index += 1
          }
          if (at >= span.end) controller.close()
        },
      },
      { highWaterMark: 0 },
    )
  }

  #cut(size: number): void {
    while (this.#size > size) {
      const chunk = this.#chunks.pop()
      const start = this.#starts.pop()
      if (chunk === undefined || start === undefined) break
      this.#size = start
      if (start < size) this.append(chunk.subarray(0, size - start))
    }
  }

  /** The chunk that holds the byte at `offset`. */
  #indexAt(offset: number): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }
}

/** A short view would keep the whole buffer behind it alive. */
function withoutSlack(chunk: Uint8Array): Uint8Array {
  return chunk.byteLength * 2 < chunk.buffer.byteLength ? chunk.slice() : chunk
}
