import { type Digest, RegistryError, type UploadId } from 'layerdock'
import { type BlobRef, newUploadId, type StagedBlob, type StageState } from 'layerdock/kit'
import { reach } from './r2-errors.ts'
import { dataKey, freshKey, markerKey, objectsUnder, tailsOf } from './r2-keys.ts'

/** The least bytes R2 takes as a part that is not the last. */
export const smallestPart: number = 5 * 1024 * 1024

/** A number higher than any part of a blob has: R2's highest. */
const mostParts = 10_000

/** How many parts a blob may be made of. */
export const usableParts: number = mostParts - 1

/** What a {@link R2Stage} leaves for the next request, wherever that runs. */
export interface R2State extends StageState {
  readonly key: string
  /** R2's upload; null before the first part. */
  readonly upload: string | null
  /** What R2 answered for each part, in order; all parts are of one size. */
  readonly etags: readonly string[]
  /** The object with the bytes after the parts; null where there are none. */
  readonly tail: { readonly key: string; readonly size: number } | null
}

/** Settings of an {@link R2Stage}. */
export interface R2StageOptions {
  /** In bytes. */
  readonly partBytes: number
  /** How large the blob may become, in bytes; need not come true. */
  readonly expected: number
  /** Called once it takes no more bytes. */
  ended(stage: R2Stage): void
}

/**
 * Bytes on their way into a bucket. R2 wants parts of one size, so they are cut here, independent of
 * the client's chunks: one part fills while the one before it is sent, and that is all the memory.
 * Bytes that do not fill a part become one object when the blob is that small; otherwise they wait
 * in an object of their own for the next request.
 */
export class R2Stage implements StagedBlob {
  readonly #bucket: R2Bucket
  readonly #id: UploadId
  readonly #partBytes: number
  readonly #ended: (stage: R2Stage) => void
  /** Whether the upload is not this stage's any more. */
  #isOver = false
  /** Where an earlier request ended, until its bytes are needed. */
  #earlier: { readonly state: R2State; readonly isObject: boolean } | null = null
  #key: string
  #upload: R2MultipartUpload | null = null
  #etags: string[] = []
  /** The part that is being sent, or has to be sent again. */
  #unsent: Uint8Array | null = null
  #sending: Promise<void> | null = null
  #buffer: Uint8Array
  #filled = 0
  /** The other buffer, while no part is being sent from it. */
  #spare: Uint8Array | null = null
  #size = 0
  /** Whether the upload was completed to read it: the bytes are an object, though not yet a blob. */
  #complete = false
  /** Whether there may be tails of earlier requests. */
  #isResumed = false
  /** The tail that this stage put. */
  #tail: string | null = null

  constructor(bucket: R2Bucket, id: UploadId, options: R2StageOptions) {
    const { partBytes, expected, ended } = options
    this.#bucket = bucket
    this.#id = id
    this.#partBytes = partBytes
    this.#ended = ended
    this.#key = freshKey(id)
    this.#buffer = new Uint8Array(Math.min(partBytes, Math.max(expected, 1024)))
  }

  get size(): number {
    return this.#earlier?.state.size ?? this.#size
  }

  /** Goes on where `state` ends. @throws RegistryError `uploadUnknown` where its bytes are gone. */
  async resume(state: R2State): Promise<void> {
    const { key, upload, tail } = state
    this.#isResumed = true
    const head = (path: string) => reach(this.#bucket.head(path))
    const [object, rest, hasParts] = await Promise.all([
      // A later request than that of the state may have made an object of the parts and then died.
      upload === null ? null : head(dataKey(key)),
      tail === null ? null : head(tail.key),
      upload === null || this.#hasParts(key, upload),
    ])
    const isShort = object === null ? !hasParts : object.size < bytesInParts(state)
    if (isShort || rest?.size !== tail?.size) throw new RegistryError('uploadUnknown')
    this.#earlier = { state, isObject: object !== null }
  }

  /** Whether R2 still has an upload. It cannot be asked: a part that no blob is made of is sent. */
  async #hasParts(key: string, upload: string): Promise<boolean> {
    const parts = this.#bucket.resumeMultipartUpload(dataKey(key), upload)
    try {
      await reach(parts.uploadPart(mostParts, new Uint8Array(1)))
    } catch (error) {
      return (error as RegistryError).kind !== 'uploadUnknown'
    }
    return true
  }

  /** Takes the upload away from a writer that is still open: another goes on with it. */
  revoke(): void {
    this.#isOver = true
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isOver) return Promise.reject(new Error(over))
    if (this.#earlier !== null) return this.#load().then(() => this.write(chunk))
    if (this.#complete) return this.#startOver().then(() => this.write(chunk))
    const piece = chunk.subarray(0, this.#partBytes - this.#filled)
    this.#hold(piece)
    if (this.#filled < this.#partBytes) return
    const rest = chunk.subarray(piece.byteLength)
    return this.#sendPart().then(() => this.write(rest))
  }

  async suspend(): Promise<R2State> {
    if (this.#isOver) throw new Error(over)
    if (this.#earlier !== null) return this.#end(this.#earlier.state)
    await this.#sent()
    let tail: R2State['tail'] = null
    if (this.#filled > 0) {
      tail = { key: tailsOf(this.#id) + newUploadId(), size: this.#filled }
      this.#tail = tail.key
      await reach(this.#bucket.put(tail.key, this.#buffer.subarray(0, this.#filled)))
    }
    const upload = this.#upload?.uploadId ?? null
    return this.#end({ size: this.#size, key: this.#key, upload, etags: [...this.#etags], tail })
  }

  read(): ReadableStream<Uint8Array> {
    const chunks = this.#readAll()
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = await chunks.next()
          if (next.done) controller.close()
          else controller.enqueue(next.value)
        },
        async cancel() {
          await chunks.return(undefined)
        },
      },
      { highWaterMark: 0 },
    )
  }

  async commit(digest: Digest): Promise<BlobRef> {
    if (this.#isOver) throw new Error(over)
    await this.#load()
    const blob = { digest, size: this.#size, key: this.#key }
    if (this.#size < this.#partBytes) {
      await reach(this.#bucket.put(dataKey(this.#key), this.#buffer.subarray(0, this.#filled)))
    } else {
      await this.#completeUpload()
    }
    await reach(this.#bucket.put(markerKey(blob), new Uint8Array(0)))
    // The blob is there: the bucket's rule deletes the tails that are left.
    await this.#dropTails().catch(() => {})
    return this.#end(blob)
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    await this.#sending?.catch(() => {})
    if (this.#earlier?.isObject === false) this.#takeParts(this.#earlier.state)
    if (this.#complete) await reach(this.#bucket.delete(dataKey(this.#key)))
    // It may be gone already.
    else await this.#upload?.abort().catch(() => {})
    await this.#dropTails()
    this.#end(null)
  }

  #end<T>(result: T): T {
    this.#isOver = true
    this.#ended(this)
    return result
  }

  /** Takes over the bytes of an earlier request. */
  async #load(): Promise<void> {
    if (this.#earlier === null) return
    const { state, isObject } = this.#earlier
    this.#earlier = null
    // That object may be a blob by now, so it is copied and left alone.
    if (isObject) await this.#copy(dataKey(state.key), bytesInParts(state))
    else this.#takeParts(state)
    if (state.tail !== null) await this.#copy(state.tail.key, state.tail.size)
  }

  #takeParts(state: R2State): void {
    if (state.upload === null) return
    this.#key = state.key
    this.#upload = this.#bucket.resumeMultipartUpload(dataKey(state.key), state.upload)
    this.#etags = [...state.etags]
    this.#size = bytesInParts(state)
  }

  /** Of an upload that began before, every tail: those of requests that died included. */
  async #dropTails(): Promise<void> {
    if (this.#tail !== null) await reach(this.#bucket.delete(this.#tail))
    if (!this.#isResumed) return
    for await (const { key } of objectsUnder(this.#bucket, tailsOf(this.#id))) {
      await reach(this.#bucket.delete(key))
    }
  }

  #hold(piece: Uint8Array): void {
    const filled = this.#filled + piece.byteLength
    if (filled > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.min(this.#partBytes, filled * 2))
      larger.set(this.#buffer.subarray(0, this.#filled))
      this.#buffer = larger
    }
    this.#buffer.set(piece, this.#filled)
    this.#filled = filled
    this.#size += piece.byteLength
  }

  /** Begins to send the buffer as a part, once the part before it is sent. */
  async #sendPart(): Promise<void> {
    await this.#sent()
    this.#unsent = this.#buffer.subarray(0, this.#filled)
    this.#buffer = this.#spare ?? new Uint8Array(this.#partBytes)
    this.#spare = null
    this.#filled = 0
    this.#sending = this.#send(this.#unsent)
    // The next call waits for it and throws.
    this.#sending.catch(() => {})
  }

  /** Resolves once every part is sent; one that failed before is sent again. */
  async #sent(): Promise<void> {
    if (this.#unsent !== null) this.#sending ??= this.#send(this.#unsent)
    try {
      await this.#sending
    } finally {
      this.#sending = null
    }
  }

  async #send(part: Uint8Array): Promise<void> {
    this.#upload ??= await reach(this.#bucket.createMultipartUpload(dataKey(this.#key)))
    const { etag } = await reach(this.#upload.uploadPart(this.#etags.length + 1, part))
    this.#etags.push(etag)
    this.#unsent = null
    this.#spare = new Uint8Array(part.buffer)
  }

  async #completeUpload(): Promise<void> {
    if (this.#filled > 0) await this.#sendPart()
    await this.#sent()
    if (this.#complete || this.#upload === null) return
    const parts = this.#etags.map((etag, index) => ({ partNumber: index + 1, etag }))
    await reach(this.#upload.complete(parts))
    this.#complete = true
  }

  async *#readAll(): AsyncGenerator<Uint8Array> {
    await this.#load()
    if (this.#size < this.#partBytes) {
      yield this.#buffer.slice(0, this.#filled)
      return
    }
    // Parts cannot be read before they are an object.
    await this.#completeUpload()
    yield* this.#bytesOf(dataKey(this.#key), this.#size)
  }

  /** An object cannot grow: bytes that come after it was read make another one. */
  async #startOver(): Promise<void> {
    const [source, size] = [dataKey(this.#key), this.#size]
    this.#key = freshKey(this.#id)
    this.#upload = null
    this.#etags = []
    this.#size = 0
    this.#complete = false
    await this.#copy(source, size)
    await reach(this.#bucket.delete(source))
  }

  async #copy(source: string, size: number): Promise<void> {
    for await (const chunk of this.#bytesOf(source, size)) await this.write(chunk)
  }

  /** The first `size` bytes of an object. @throws RegistryError `uploadUnknown` where it has fewer. */
  async *#bytesOf(key: string, size: number): AsyncGenerator<Uint8Array> {
    const object = await reach(this.#bucket.get(key, { range: { offset: 0, length: size } }))
    if (object === null || object.size < size) {
      await object?.body.cancel()
      throw new RegistryError('uploadUnknown')
    }
    yield* object.body
  }
}

const over = 'this stage of the upload ended, or another goes on with it'

function bytesInParts({ size, tail }: R2State): number {
  return size - (tail?.size ?? 0)
}
