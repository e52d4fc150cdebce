const mib = 1024 * 1024

/** Size of a lent buffer, in bytes; also the most an upload gathers before it writes. */
export const largeBuffer: number = mib
/** The least an upload gathers before it writes, however many there are, in bytes. */
const leastGather = 64 * 1024
/** An upload holds two batches at a time: one being written, one being gathered. */
const batchesPerUpload = 2
/** Buffers kept for the next borrower; more are dropped, so that a rush leaves no memory behind. */
const keptIdle = 8

/**
 * The one budget for large pieces of memory, so that memory does not grow with the number of
 * transfers: half of it is lent out as large buffers for reading, half is what uploads may gather.
 */
export class BufferBudget {
  readonly #mostLent: number
  readonly #gatherBytes: number
  readonly #idle: Uint8Array[] = []
  #lent = 0
  #uploads = 0

  /** @param bytes for all transfers of a store together */
  constructor(bytes: number = 48 * mib) {
    this.#mostLent = Math.floor(bytes / 2 / largeBuffer)
    this.#gatherBytes = bytes / 2
  }

  /** A buffer of {@link largeBuffer} bytes with anything in it; null when all are lent. */
  take(): Uint8Array | null {
    if (this.#lent >= this.#mostLent) return null
    this.#lent++
    return this.#idle.pop() ?? new Uint8Array(largeBuffer)
  }

  /** Gives back what {@link take} lent. */
  give(buffer: Uint8Array): void {
    this.#lent--
    if (this.#idle.length < keptIdle) this.#idle.push(buffer)
  }

  /** Counts an upload in; its bytes are gathered from now on. */
  addUpload(): void {
    this.#uploads++
  }

  /** Counts an upload out. */
  removeUpload(): void {
    this.#uploads--
  }

  /** How many bytes each upload may gather before it writes them: less, the more uploads there are. */
  get gatherLimit(): number {
    const share = this.#gatherBytes / batchesPerUpload / Math.max(this.#uploads, 1)
    return Math.max(leastGather, Math.min(largeBuffer, Math.floor(share)))
  }
}
