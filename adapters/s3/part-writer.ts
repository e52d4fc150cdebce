import { RegistryError } from '../../src/index.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { S3Uploads, SentPart } from './multipart.ts'
import { type S3Settings, smallestPart } from './options.ts'
import { equalPart, growingPart, mostParts } from './part-sizes.ts'

/** An upload in parts, as another process goes on with it. */
export interface OpenUpload {
  /** The object's, once it is complete. */
  readonly key: string
  readonly upload: string
  /** In order. Numbers may be left out: of parts that were sent again, larger. */
  readonly parts: readonly SentPart[]
  /** The number of the next part. */
  readonly next: number
}

/** How many parts of an upload are sent at once. */
const together = 2
/** What every upload may hold without asking for memory: small blobs never wait for large ones. */
const freeBytes = 64 * 1024

/** Settings of a {@link PartWriter}. */
export interface PartWriterOptions {
  readonly uploads: S3Uploads
  readonly settings: S3Settings
  readonly budget: ByteBudget
  /** How many bytes the object may get in all; need not come true. */
  readonly expected: number
  /** A key for an upload that begins. */
  fresh(): string
  /** Told of an upload that was begun. */
  begun(key: string, upload: string): void
}

/**
 * Cuts bytes into parts and sends them: some on their way while the next one fills. The chunks themselves wait,
 * uncopied, until their part is sent.
 */
export class PartWriter {
  readonly #options: PartWriterOptions
  #upload: { readonly key: string; readonly upload: string } | null
  #parts: SentPart[]
  #next: number
  #pieces: Uint8Array[] = []
  #filled = 0
  /** What the part that fills has of the budget. */
  #taken = 0
  readonly #sending: Set<Promise<void>> = new Set()
  #failure: unknown = null

  constructor(options: PartWriterOptions, from?: OpenUpload) {
    this.#options = options
    this.#upload = from === undefined ? null : { key: from.key, upload: from.upload }
    this.#parts = [...(from?.parts ?? [])]
    this.#next = from?.next ?? 1
  }

  /** Bytes that are in no part yet. */
  get rest(): readonly Uint8Array[] {
    return this.#pieces
  }

  get restBytes(): number {
    return this.#filled
  }

  /** Bytes of the parts that were sent. */
  get sentBytes(): number {
    return this.#parts.reduce((sum, { size }) => sum + size, 0)
  }

  /** Whether the numbers for parts are used up, but for some. */
  get isNearlyFull(): boolean {
    return this.#next > mostParts - 2 * together
  }

  /** Whether an upload was begun. */
  get hasUpload(): boolean {
    return this.#upload !== null
  }

  /** The upload; null where none was begun. Only once {@link sent} has resolved. */
  get open(): OpenUpload | null {
    if (this.#upload === null) return null
    const parts = this.#parts.toSorted((one, other) => one.number - other.number)
    return { ...this.#upload, parts, next: this.#next }
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const filled = this.#filled + chunk.byteLength
    if (filled >= this.partBytes || (filled > freeBytes && filled > this.#taken)) {
      return this.#writeSlowly(chunk)
    }
    this.#hold(chunk)
  }

  /** Resolves once every full part is sent. */
  async sent(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
    if (this.#failure !== null) throw this.#failure
  }

  /** Sends what is left as the last part, however small, and waits for all. */
  async finish(): Promise<void> {
    if (this.#filled > 0) await this.#sendPart()
    await this.sent()
  }

  /** Adds a part that came another way. */
  add(part: SentPart): void {
    this.#parts.push(part)
    this.#next = Math.max(this.#next, part.number + 1)
  }

  /** Begins the upload where none is, and returns it. */
  async begin(): Promise<{ readonly key: string; readonly upload: string }> {
    if (this.#upload === null) {
      const { uploads, fresh, begun } = this.#options
      const key = fresh()
      this.#upload = { key, upload: await uploads.createUpload(key) }
      begun(key, this.#upload.upload)
    }
    return this.#upload
  }

  /** Gives the memory back. Parts on their way still arrive. */
  async release(): Promise<void> {
    this.#failure ??= new Error('the writer was released')
    this.#options.budget.give(this.#taken)
    this.#taken = 0
    this.#pieces = []
    this.#filled = 0
    await Promise.allSettled(this.#sending)
  }

  /** How many bytes the next part gets. */
  get partBytes(): number {
    const { settings, expected } = this.#options
    if (!settings.equalParts) return growingPart(this.#next, settings.partBytes)
    return this.#parts[0]?.size ?? equalPart(expected, settings.partBytes)
  }

  async #writeSlowly(chunk: Uint8Array): Promise<void> {
    let left = chunk
    while (left.byteLength > 0) {
      const partBytes = this.partBytes
      const piece = left.subarray(0, partBytes - this.#filled)
      await this.#take(this.#filled + piece.byteLength, partBytes)
      this.#hold(piece)
      if (this.#filled === partBytes) await this.#sendPart()
      left = left.subarray(piece.byteLength)
    }
  }

  /** Takes memory for a part that has `filled` bytes now: for all of it at once, or two could wait for each other. */
  async #take(filled: number, partBytes: number): Promise<void> {
    if (filled <= freeBytes || filled <= this.#taken) return
    const { budget, expected } = this.#options
    const left = expected - this.sentBytes
    const wanted = left >= filled ? Math.min(left, partBytes) : partBytes
    const more = wanted - this.#taken
    await budget.take(more)
    if (this.#failure !== null) {
      budget.give(more)
      throw this.#failure
    }
    this.#taken += more
  }

  #hold(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#filled += piece.byteLength
  }

  async #sendPart(): Promise<void> {
    while (this.#sending.size >= together) await Promise.race(this.#sending)
    const { key, upload } = await this.begin()
    if (this.#failure !== null) throw this.#failure
    const [pieces, taken, number] = [this.#pieces, this.#taken, this.#next]
    this.#pieces = []
    this.#filled = 0
    this.#taken = 0
    this.#next += 1
    const sending = this.#send(key, upload, number, pieces)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#options.budget.give(taken)
        this.#sending.delete(sending)
      })
    this.#sending.add(sending)
  }

  async #send(
    key: string,
    upload: string,
    number: number,
    pieces: readonly Uint8Array[],
  ): Promise<void> {
    const part = await this.#options.uploads.uploadPart(key, upload, number, pieces)
    if (part === null) {
      throw new RegistryError('uploadUnknown', { cause: new Error(`the upload of ${key} is gone`) })
    }
    this.#parts.push(part)
  }
}

/** Whether the last part is too small for others to follow. */
export function endsShort({ parts }: OpenUpload, settings: S3Settings): boolean {
  const [first] = parts
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return false
  if (!settings.equalParts) return last.size < smallestPart
  return parts.length === 1 ? last.size < settings.partBytes : last.size !== first.size
}
