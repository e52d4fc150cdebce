import { type Digest, RegistryError, type UploadId } from 'layerdock'
import { type BlobRef, newUploadId, type StagedBlob, type StageState } from 'layerdock/kit'
import { reach } from './r2-errors.ts'
import { dataKey, freshKey, markerKey, objectsUnder, tailsOf } from './r2-keys.ts'
import { R2Parts, type R2PartsOptions, type SentParts } from './r2-parts.ts'

/** What a {@link R2Stage} leaves for the next request, wherever that runs. */
export interface R2State extends StageState, SentParts {
  readonly key: string
  /** The object with the bytes after the parts; null where there are none. */
  readonly tail: { readonly key: string; readonly size: number } | null
}

/** Settings of an {@link R2Stage}. */
export interface R2StageOptions extends R2PartsOptions {
  /** Called once it takes no more bytes. */
  ended(stage: R2Stage): void
}

/**
 * An upload's bytes in a bucket. Bytes that do not fill a part become one object when the blob is that
 * small; otherwise they wait in an object of their own, a tail, for the next request.
 */
export class R2Stage implements StagedBlob {
  readonly #bucket: R2Bucket
  readonly #id: UploadId
  readonly #options: R2StageOptions
  /** Whether the upload is not this stage's any more. */
  #isOver = false
  /** Where an earlier request ended, until its bytes are needed. */
  #earlier: { readonly state: R2State; readonly isObject: boolean } | null = null
  #key: string
  #parts: R2Parts
  #size = 0
  /** Whether the parts were made an object to read them, though it is not yet a blob. */
  #isObject = false
  /** Whether there may be tails of earlier requests. */
  #isResumed = false
  /** The tail that this stage put. */
  #tail: string | null = null

  constructor(bucket: R2Bucket, id: UploadId, options: R2StageOptions) {
    this.#bucket = bucket
    this.#id = id
    this.#options = options
    this.#key = freshKey(id)
    this.#parts = new R2Parts(bucket, dataKey(this.#key), options)
  }

  get size(): number {
    return this.#earlier?.state.size ?? this.#size
  }

  /** Goes on where `state` ends. @throws RegistryError `uploadUnknown` where its bytes are gone. */
  async resume(state: R2State): Promise<void> {
    const { key, upload, tail } = state
    this.#isResumed = true
    const head = (path: string) => reach(this.#bucket.head(path))
    const [object, rest, areThere] = await Promise.all([
      // A later request than that of the state may have made an object of the parts and then died.
      upload === null ? null : head(dataKey(key)),
      tail === null ? null : head(tail.key),
      this.#partsOf(state).areThere(),
    ])
    const isShort = object === null ? !areThere : object.size < bytesInParts(state)
    if (isShort || rest?.size !== tail?.size) throw new RegistryError('uploadUnknown')
    this.#earlier = { state, isObject: object !== null }
  }

  /** Takes the upload away from a writer that is still open: another goes on with it. */
  revoke(): void {
    this.#isOver = true
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isOver) return Promise.reject(new Error(over))
    if (this.#earlier !== null) return this.#load().then(() => this.write(chunk))
    if (this.#isObject) return this.#startOver().then(() => this.write(chunk))
    this.#size += chunk.byteLength
    return this.#parts.write(chunk)
  }

  async suspend(): Promise<R2State> {
    if (this.#isOver) throw new Error(over)
    if (this.#earlier !== null) return this.#end(this.#earlier.state)
    const sent = await this.#parts.sent()
    const { rest } = this.#parts
    let tail: R2State['tail'] = null
    if (rest.byteLength > 0) {
      tail = { key: tailsOf(this.#id) + newUploadId(), size: rest.byteLength }
      this.#tail = tail.key
      await reach(this.#bucket.put(tail.key, rest))
    }
    return this.#end({ size: this.#size, key: this.#key, ...sent, tail })
  }

  read(): ReadableStream<Uint8Array> {
    return (ReadableStream as FromChunks).from(this.#readAll())
  }

  async commit(digest: Digest): Promise<BlobRef> {
    if (this.#isOver) throw new Error(over)
    await this.#load()
    const blob = { digest, size: this.#size, key: this.#key }
    if (this.#isSmall) await reach(this.#bucket.put(dataKey(this.#key), this.#parts.rest))
    else await this.#makeObject()
    await reach(this.#bucket.put(markerKey(blob), new Uint8Array(0)))
    // The blob is there: the bucket's rule deletes the tails that are left.
    await this.#dropTails().catch(() => {})
    return this.#end(blob)
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    if (this.#earlier?.isObject === false) await this.#partsOf(this.#earlier.state).abort()
    if (this.#isObject) await reach(this.#bucket.delete(dataKey(this.#key)))
    else await this.#parts.abort()
    await this.#dropTails()
    this.#end(null)
  }

  get #isSmall(): boolean {
    return this.#size < this.#options.partBytes
  }

  #end<T>(result: T): T {
    this.#isOver = true
    this.#options.ended(this)
    return result
  }

  #partsOf(state: R2State): R2Parts {
    return new R2Parts(this.#bucket, dataKey(state.key), this.#options, state)
  }

  /** Takes over the bytes of an earlier request. */
  async #load(): Promise<void> {
    if (this.#earlier === null) return
    const { state, isObject } = this.#earlier
    const { key, upload, tail } = state
    this.#earlier = null
    if (isObject) {
      // It may be a blob by now, so it is copied and left alone.
      await this.#copy(dataKey(key), bytesInParts(state))
    } else if (upload !== null) {
      this.#key = key
      this.#parts = this.#partsOf(state)
      this.#size = bytesInParts(state)
    }
    if (tail !== null) await this.#copy(tail.key, tail.size)
  }

  /** Of an upload that began before, every tail: those of requests that died included. */
  async #dropTails(): Promise<void> {
    if (this.#tail !== null) await reach(this.#bucket.delete(this.#tail))
    if (!this.#isResumed) return
    for await (const { key } of objectsUnder(this.#bucket, tailsOf(this.#id))) {
      await reach(this.#bucket.delete(key))
    }
  }

  async #makeObject(): Promise<void> {
    if (this.#isObject) return
    await this.#parts.complete()
    this.#isObject = true
  }

  async *#readAll(): AsyncGenerator<Uint8Array> {
    await this.#load()
    if (this.#isSmall) {
      yield this.#parts.rest.slice()
      return
    }
    // Parts cannot be read before they are an object.
    await this.#makeObject()
    yield* this.#bytesOf(dataKey(this.#key), this.#size)
  }

  /** An object cannot grow: bytes that come after it was read make another one. */
  async #startOver(): Promise<void> {
    const [source, size] = [dataKey(this.#key), this.#size]
    this.#key = freshKey(this.#id)
    this.#parts = new R2Parts(this.#bucket, dataKey(this.#key), this.#options)
    this.#size = 0
    this.#isObject = false
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

/** What TypeScript's types of the Web do not have yet. */
type FromChunks = typeof ReadableStream & {
  from(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array>
}

const over = 'this stage of the upload ended, or another goes on with it'

function bytesInParts({ size, tail }: R2State): number {
  return size - (tail?.size ?? 0)
}
