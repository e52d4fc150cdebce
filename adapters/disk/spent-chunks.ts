const mark: unique symbol = Symbol('may be freed')

type Marked = Uint8Array & { [mark]?: true }

/** Says of a chunk that nobody will look at it but whoever it is handed to. */
export function allowFreeing(chunk: Uint8Array): void {
  const marked: Marked = chunk
  marked[mark] = true
}

/**
 * Gives back the memory of a chunk that was used up, if that was allowed. A runtime's collector sees
 * the small objects and not what they hold outside its heap: it lets hundreds of megabytes of spent
 * chunks gather where many uploads arrive at once.
 */
export function freeChunk(chunk: Uint8Array): void {
  const { buffer, byteLength, [mark]: allowed }: Marked = chunk
  // Detaching empties a buffer for everybody: not one that holds other chunks as well.
  if (allowed !== true || buffer.byteLength !== byteLength) return
  const detachable = buffer as { transfer?(length: number): unknown }
  detachable.transfer?.(0)
}
