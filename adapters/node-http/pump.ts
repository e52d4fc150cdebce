import type { ServerResponse } from 'node:http'
import type { ByteSpan } from '../../src/kit.ts'

/** A blob's open file: the part of the disk store's `DiskBlob` that a pump needs. */
export interface BlobFile {
  /** Reads into `buffer`; how many bytes came, 0 at the end of the file. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>
}

/** Where a pump borrows its large buffers: one bounded stock for the whole process. */
export interface BufferStock {
  /** A large buffer, or null when all are lent. */
  take(): Uint8Array | null
  give(buffer: Uint8Array): void
}

/** Status and headers, written only once the first bytes are there to follow them. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Record<string, string>
}

/** What became of a transfer: all was sent, or the client went away before. */
export type Sent = 'complete' | 'disconnected'

/** Blobs up to this size are read at once and sent with their head; also the size without a stock. */
const smallBytes = 64 * 1024

/**
 * Sends a span of a file: two buffers take turns, one is read into while the other is written, so
 * the disk and the socket work at once and nothing is allocated per chunk. A buffer is filled again
 * only after the kernel took what was in it, which is also what honours backpressure.
 *
 * @throws the file's error, or an Error when the file is shorter than the span. Then either no head
 *   was written (and another answer can be), or the connection was destroyed, so that a response
 *   cut short cannot be taken for a whole one.
 */
export async function pump(
  file: BlobFile,
  span: ByteSpan,
  head: ResponseHead,
  outgoing: ServerResponse,
  stock: BufferStock,
): Promise<Sent> {
  const size = span.end - span.start
  if (size <= smallBytes) return sendWhole(file, span, head, outgoing)

  const lanes = new Lanes(stock)
  const connection = new Connection(outgoing)
  let position = span.start
  const fill = async (buffer: Uint8Array): Promise<Uint8Array> => {
    const wanted = Math.min(buffer.byteLength, span.end - position)
    const count = await file.read(buffer, 0, wanted, position)
    if (count === 0) throw tooShort(span, position)
    position += count
    return buffer.subarray(0, count)
  }
  let sending: Promise<boolean> = Promise.resolve(true)
  try {
    let chunk = await fill(lanes.next())
    if (connection.gone) return 'disconnected'
    outgoing.writeHead(head.status, head.headers)
    for (;;) {
      sending = connection.send(chunk)
      if (position === span.end) break
      if (lanes.single && !(await sending)) return 'disconnected'
      chunk = await fill(lanes.next())
      if (!(await sending)) return 'disconnected'
    }
    if (!(await sending)) return 'disconnected'
    outgoing.end()
    return 'complete'
  } catch (error) {
    if (outgoing.headersSent) outgoing.destroy()
    throw error
  } finally {
    // The kernel may still read from a lane: nobody else may write into it before that ended.
    await sending
    lanes.giveBack()
    connection.release()
  }
}

async function sendWhole(
  file: BlobFile,
  span: ByteSpan,
  head: ResponseHead,
  outgoing: ServerResponse,
): Promise<Sent> {
  const bytes = Buffer.allocUnsafe(span.end - span.start)
  let filled = 0
  while (filled < bytes.byteLength) {
    const position = span.start + filled
    const count = await file.read(bytes, filled, bytes.byteLength - filled, position)
    if (count === 0) throw tooShort(span, position)
    filled += count
  }
  if (outgoing.destroyed) return 'disconnected'
  outgoing.writeHead(head.status, head.headers)
  outgoing.end(bytes)
  return 'complete'
}

function tooShort(span: ByteSpan, position: number): Error {
  return new Error(`the file ends at byte ${position}, before byte ${span.end} of the blob`)
}

/**
 * The two buffers of a transfer, in turns; the second is taken only when there is use for it. A
 * transfer for which no large one is left has a small one alone: where so many go on at once, it is
 * their memory that counts, and no single one's haste.
 */
class Lanes {
  readonly #stock: BufferStock
  readonly #lanes: Array<{ readonly buffer: Uint8Array; readonly lent: boolean }> = []
  #turn = 0

  constructor(stock: BufferStock) {
    this.#stock = stock
  }

  /** Whether the buffer of {@link next} is the one that may still be on its way out. */
  get single(): boolean {
    return this.#lanes[0]?.lent === false
  }

  next(): Uint8Array {
    const turn = this.single ? 0 : this.#turn
    this.#turn = 1 - turn
    const known = this.#lanes[turn]
    if (known !== undefined) return known.buffer
    const lent = this.#stock.take()
    const buffer = lent ?? Buffer.allocUnsafeSlow(smallBytes)
    this.#lanes[turn] = { buffer, lent: lent !== null }
    return buffer
  }

  giveBack(): void {
    for (const lane of this.#lanes) if (lane.lent) this.#stock.give(lane.buffer)
    this.#lanes.length = 0
  }
}

/**
 * One response's connection. The end of the socket is watched too, because Node never calls back
 * for what was written to a response still waiting for its turn on a socket that died.
 */
class Connection {
  readonly #outgoing: ServerResponse
  #waiting: ((sent: boolean) => void) | null = null
  readonly #onClose = (): void => this.#waiting?.(false)

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing
    outgoing.req.socket.once('close', this.#onClose)
  }

  get gone(): boolean {
    return this.#outgoing.destroyed || this.#outgoing.req.socket.destroyed
  }

  /** Resolves when the kernel has the bytes: true; or never will: false. */
  send(bytes: Uint8Array): Promise<boolean> {
    if (this.gone) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#outgoing.write(bytes, (error) => resolve(error === null || error === undefined))
    })
  }

  release(): void {
    this.#outgoing.req.socket.off('close', this.#onClose)
  }
}
