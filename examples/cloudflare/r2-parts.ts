import { reach } from './r2-errors.ts'

/** The least bytes R2 takes as a part that is not the last. */
export const smallestPart: number = 5 * 1024 * 1024

/** R2's highest number of a part, which no part of a blob has here. */
const mostParts = 10_000

/** How many parts a blob may be made of. */
export const usableParts: number = mostParts - 1

/** An upload that R2 has, as another request finds it again. */
export interface SentParts {
  /** R2's name for the upload; null before the first part. */
  readonly upload: string | null
  /** What R2 answered for each part, in order; all parts are of one size. */
  readonly etags: readonly string[]
}

/** Settings of {@link R2Parts}, in bytes. */
export interface R2PartsOptions {
  readonly partBytes: number
  /** How large the whole may become; need not come true. */
  readonly expected: number
}

/**
 * Bytes on their way to one object. R2 wants parts of one size, so they are cut here, independent of the
 * chunks that come: one part fills while the one before it is sent, and that is all the memory.
 */
export class R2Parts {
  readonly #bucket: R2Bucket
  readonly #path: string
  readonly #partBytes: number
  readonly #expected: number
  #upload: R2MultipartUpload | null
  readonly #etags: string[]
  /** The part that is being sent, or has to be sent again. */
  #unsent: Uint8Array | null = null
  #sending: Promise<void> | null = null
  #buffer: Uint8Array = new Uint8Array(0)
  #filled = 0
  /** The other buffer, while no part is being sent from it. */
  #spare: Uint8Array | null = null

  /** @param path the object's */
  constructor(bucket: R2Bucket, path: string, options: R2PartsOptions, from?: SentParts) {
    this.#bucket = bucket
    this.#path = path
    this.#partBytes = options.partBytes
    this.#expected = options.expected
    this.#upload = from?.upload ? bucket.resumeMultipartUpload(path, from.upload) : null
    this.#etags = [...(from?.etags ?? [])]
  }

  /** The bytes that do not fill a part yet. */
  get rest(): Uint8Array {
    return this.#buffer.subarray(0, this.#filled)
  }

  /** Whether R2 still has the upload. It cannot be asked: a part that no blob is made of is sent. */
  async areThere(): Promise<boolean> {
    if (this.#upload === null) return true
    try {
      await reach(this.#upload.uploadPart(mostParts, new Uint8Array(1)))
    } catch (error) {
      return (error as { readonly kind: string }).kind !== 'uploadUnknown'
    }
    return true
  }

  write(chunk: Uint8Array): void | Promise<void> {
    const piece = chunk.subarray(0, this.#partBytes - this.#filled)
    this.#hold(piece)
    if (this.#filled < this.#partBytes) return
    const rest = chunk.subarray(piece.byteLength)
    return this.#sendBuffer().then(() => this.write(rest))
  }

  /** Resolves once every full part is sent; one that failed before is sent again. */
  async sent(): Promise<SentParts> {
    if (this.#unsent !== null) this.#sending ??= this.#send(this.#unsent)
    try {
      await this.#sending
    } finally {
      this.#sending = null
    }
    return { upload: this.#upload?.uploadId ?? null, etags: [...this.#etags] }
  }

  /** Makes an object of all parts, the rest being the last. */
  async complete(): Promise<void> {
    if (this.#filled > 0) await this.#sendBuffer()
    await this.sent()
    const parts = this.#etags.map((etag, index) => ({ partNumber: index + 1, etag }))
    if (this.#upload !== null) await reach(this.#upload.complete(parts))
  }

  /** Drops what was sent; it may be gone already. */
  async abort(): Promise<void> {
    await this.#sending?.catch(() => {})
    await this.#upload?.abort().catch(() => {})
  }

  #hold(piece: Uint8Array): void {
    const filled = this.#filled + piece.byteLength
    if (filled > this.#buffer.byteLength) {
      const wanted = this.#filled === 0 ? Math.max(this.#expected, 1024) : 0
      const larger = new Uint8Array(Math.min(this.#partBytes, Math.max(wanted, filled * 2)))
      larger.set(this.rest)
      this.#buffer = larger
    }
    this.#buffer.set(piece, this.#filled)
    this.#filled = filled
  }

  /** Begins to send the buffer as a part, once the part before it is sent. */
  async #sendBuffer(): Promise<void> {
    await this.sent()
    this.#unsent = this.rest
    this.#buffer = this.#spare ?? new Uint8Array(this.#partBytes)
    this.#spare = null
    this.#filled = 0
    this.#sending = this.#send(this.#unsent)
    // The next call waits for it and throws.
    this.#sending.catch(() => {})
  }

  async #send(part: Uint8Array): Promise<void> {
    this.#upload ??= await reach(this.#bucket.createMultipartUpload(this.#path))
    const { etag } = await reach(this.#upload.uploadPart(this.#etags.length + 1, part))
    this.#etags.push(etag)
    this.#unsent = null
    this.#spare = new Uint8Array(part.buffer)
  }
}
