/**
 * Takes a chunk. A returned promise asks the source to wait for it before the next one.
 *
 * The chunk is the sink's once it is handed over, and its alone: whoever is last to use it may detach
 * its memory. A wrapper that wants to keep bytes copies them before it passes the chunk on; after
 * that a chunk may be empty.
 */
export type ByteSink = (chunk: Uint8Array) => void | Promise<void>

/**
 * Bytes on their way in, from a web stream, a runtime's own request, or an array. A chunk belongs to
 * the sink once handed over: the source never writes into it again, nor reads it.
 */
export interface ByteSource {
  /**
   * Hands every chunk to `sink`, in order, once.
   *
   * @throws BodyInterrupted when the sender went away before the end, or after `abort()`.
   * @throws whatever the sink throws.
   */
  pipe(sink: ByteSink): Promise<void>
  /** Stops a `pipe` under way (or yet to come), which then throws BodyInterrupted. */
  abort(): void
}
