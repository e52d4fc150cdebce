import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 256 * 1024

/** What of a file is streamed. */
export interface StreamedSpan {
  /** Of the first byte. Default: 0. */
  readonly start?: number
  /** How many bytes. Default: up to the end. */
  readonly length?: number
  /** Called once the stream has ended, failed or was cancelled. */
  readonly close?: () => Promise<void>
}

/** The bytes of an open file, read as they are pulled. */
export function fileStream(
  handle: FileHandle,
  { start = 0, length = Number.POSITIVE_INFINITY, close = async () => {} }: StreamedSpan,
): ReadableStream<Uint8Array> {
  let at = start
  const end = start + length
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const wanted = Math.min(chunkBytes, end - at)
          const chunk = new Uint8Array(wanted)
          const { bytesRead } =
            wanted === 0 ? { bytesRead: 0 } : await handle.read(chunk, 0, wanted, at)
          at += bytesRead
          if (bytesRead > 0) {
            controller.enqueue(chunk.subarray(0, bytesRead))
            return
          }
        } catch (error) {
          await close().catch(() => {})
          throw error
        }
        await close()
        controller.close()
      },
      cancel: () => close(),
    },
    { highWaterMark: 0 },
  )
}
