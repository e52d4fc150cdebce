/** Takes a chunk. A returned promise asks the source to wait for it before the next one. */
export type ByteSink = (chunk: Uint8Array) => void | Promise<void>

/**
 * Bytes on their way in, whoever carries them: a web stream, a runtime's own request, an array.
 * A chunk belongs to the sink once handed over: the source never writes into it again.
 */
export interface ByteSource {
  /**
   * Hands every chunk to `sink`, in order, once.
   *
   * @throws BodyInterrupted when the sender went away before the end, or after `abort()`.
   * @throws whatever the sink throws.
   */
  pipe(sink: ByteSink): Promise<void>
  /** Calls off a `pipe` under way (or yet to come), which then throws BodyInterrupted. */
  abort(): void
}
