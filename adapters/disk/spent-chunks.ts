const mark: unique symbol = Symbol('may be freed')

type Marked = Uint8Array & { [mark]?: true }

/**
 * Marks a chunk whose only reader is the sink it is handed to. A `ByteSource` gives its chunks away, so
 * every sink has to expect that the memory of one is gone once it was passed on.
 */
export function allowFreeing(chunk: Uint8Array): void {
  const marked: Marked = chunk
  marked[mark] = true
}

/**
 * Gives back the memory of a chunk that was used up, if it is marked: the chunk is empty then. A
 * runtime's collector sees the small objects and not what they hold outside its heap, and lets hundreds
 * of megabytes of spent chunks gather where many uploads arrive at the same time.
 */
export function freeChunk(chunk: Uint8Array): void {
  const { buffer, byteLength, [mark]: allowed }: Marked = chunk
  // Detaching empties the whole buffer, so one that holds other chunks too is kept.
  if (allowed !== true || buffer.byteLength !== byteLength) return
  const detachable = buffer as { transfer?(length: number): unknown }
  detachable.transfer?.(0)
}
