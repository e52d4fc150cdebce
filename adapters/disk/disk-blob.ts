import type { ByteSpan, OpenBlob } from '../../src/kit.ts'
import type { OpenFile } from './files.ts'

/** The first piece of a stream: small blobs take no more memory than they need. */
const firstPiece = 64 * 1024
/** Later pieces: larger ones cost fewer wake-ups of the thread pool. */
const laterPiece = 256 * 1024

/** A blob's open file: what an adapter may send in its runtime's own way. */
export class DiskBlob {
  /** Absolute; only to open the very file again, for runtimes that send files by name. */
  readonly path: string
  /** In bytes; the file had exactly as many when it was opened. */
  readonly size: number
  readonly #file: OpenFile

  constructor(path: string, file: OpenFile) {
    this.path = path
    this.size = file.size
    this.#file = file
  }

  /** The descriptor; valid until {@link close}. Prefer {@link read}, which close waits for. */
  get fd(): number {
    return this.#file.fd
  }

  /** Reads up to `length` bytes to `into[offset]`; how many came, 0 at the end of the file. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#file.read(into, offset, length, position)
  }

  /** Harmless when repeated; waits for reads under way. */
  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Whether `native` of an open blob is a file of this store. */
export function isDiskBlob(native: unknown): native is DiskBlob {
  return native instanceof DiskBlob
}

/** The port's view of an open blob's file. */
export function openBlobOf(blob: DiskBlob): OpenBlob {
  return {
    size: blob.size,
    native: blob,
    close: () => blob.close(),
    stream: (span = { start: 0, end: blob.size }) => streamOf(blob, span),
  }
}

function streamOf(blob: DiskBlob, span: ByteSpan): ReadableStream<Uint8Array> {
  let position = span.start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (position < span.end) {
          const most = position === span.start ? firstPiece : laterPiece
          const piece = new Uint8Array(Math.min(most, span.end - position))
          const count = await blob
            .read(piece, 0, piece.byteLength, position)
            .catch(async (error) => {
              await blob.close()
              throw error
            })
          if (count === 0) {
            await blob.close()
            throw new Error(`${blob.path}: ends at byte ${position}, before byte ${span.end}`)
          }
          position += count
          controller.enqueue(piece.subarray(0, count))
        }
        if (position < span.end) return
        await blob.close()
        controller.close()
      },
      cancel: () => blob.close(),
    },
    { highWaterMark: 0 },
  )
}
