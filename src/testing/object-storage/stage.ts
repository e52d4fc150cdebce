import { type Digest, RegistryError, type UploadId } from '../../index.ts'
import type { BlobRef, StagedBlob, StageState } from '../../kit.ts'
import { joined } from '../samples.ts'
import { type ObjectBucket, objectsUnder } from './bucket.ts'
import { dataKey, dataOf, freshKey, markerKey, markersOf, tailsOf } from './keys.ts'
import { objectPieces, streamOf } from './stream.ts'

interface Part {
  readonly number: number
  readonly etag: string
  /** In bytes. */
  readonly size: number
}

/** What a {@link PartStage} leaves for the next process. */
export interface PartState extends StageState {
  readonly key: string
  /** The bucket's upload; null before the first part. */
  readonly upload: string | null
  readonly parts: readonly Part[]
  /** The object with the bytes after the parts; null where there are none. */
  readonly tail: string | null
}

/** Bytes on their way into a bucket: what makes a part is sent as one, the rest waits. */
export class PartStage implements StagedBlob {
  readonly #bucket: ObjectBucket
  readonly #id: UploadId
  readonly #minPartBytes: number
  #key: string
  #upload: string | null = null
  #parts: Part[] = []
  #partBytes = 0
  #tail: Uint8Array[] = []
  #tailBytes = 0

  constructor(bucket: ObjectBucket, id: UploadId, minPartBytes: number) {
    this.#bucket = bucket
    this.#id = id
    this.#minPartBytes = minPartBytes
    this.#key = freshKey(id)
  }

  get size(): number {
    return this.#partBytes + this.#tailBytes
  }

  /** Goes on where `state` ends. @throws RegistryError `uploadUnknown` where its bytes are gone. */
  async resume(state: PartState): Promise<void> {
    const tailBytes = state.parts.reduce((left, part) => left - part.size, state.size)
    if (state.tail !== null) {
      await this.#expect(state.tail)
      this.#hold(await this.#bucket.get(state.tail, { start: 0, end: tailBytes }))
    }
    if (state.upload === null) return
    const under = await this.#bucket.listUploads(dataKey(state.key))
    if (under.includes(state.upload)) {
      this.#key = state.key
      this.#upload = state.upload
      this.#parts = [...state.parts]
      this.#partBytes = state.size - tailBytes
    } else {
      // A process after that state completed the upload, to read it or to commit it.
      await this.#expect(dataKey(state.key))
      await this.#beginWith(state.key, state.size - tailBytes)
    }
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#hold(chunk)
    if (this.#tailBytes >= this.#minPartBytes) return this.#sendPart()
  }

  async suspend(): Promise<PartState> {
    let tail: string | null = null
    if (this.#tailBytes > 0) {
      tail = tailsOf(this.#id) + crypto.randomUUID()
      await this.#bucket.put(tail, joined(this.#tail))
    }
    const parts = [...this.#parts]
    return { size: this.size, key: this.#key, upload: this.#upload, parts, tail }
  }

  read(): ReadableStream<Uint8Array> {
    return streamOf(this.#readAll())
  }

  async commit(digest: Digest): Promise<BlobRef> {
    const blob = { digest, size: this.size, key: this.#key }
    if (this.#upload === null) {
      await this.#bucket.put(dataKey(this.#key), joined(this.#tail))
    } else {
      if (this.#tailBytes > 0) await this.#sendPart()
      await this.#bucket.completeUpload(this.#upload, this.#parts)
    }
    await this.#bucket.put(markerKey(blob), new Uint8Array(0))
    // The blob is there: an outage now only leaves something behind.
    await this.#sweep().catch(() => {})
    return blob
  }

  async discard(): Promise<void> {
    await this.#sweep()
  }

  /** Drops everything this upload left behind, except what was committed: that has a marker. */
  async #sweep(): Promise<void> {
    const bucket = this.#bucket
    for (const upload of await bucket.listUploads(dataOf(this.#id))) {
      await bucket.abortUpload(upload)
    }
    for await (const { key } of objectsUnder(bucket, tailsOf(this.#id))) await bucket.delete(key)
    for await (const { key } of objectsUnder(bucket, dataOf(this.#id))) {
      const { items } = await bucket.list(markersOf(key.slice(dataKey('').length)))
      if (items.length === 0) await bucket.delete(key)
    }
  }

  async #expect(key: string): Promise<void> {
    if ((await this.#bucket.head(key)) !== null) return
    throw new RegistryError('uploadUnknown', { cause: new Error(`${key} is gone`) })
  }

  #hold(chunk: Uint8Array): void {
    this.#tail.push(chunk)
    this.#tailBytes += chunk.byteLength
  }

  async #sendPart(): Promise<void> {
    this.#upload ??= await this.#bucket.createUpload(dataKey(this.#key))
    const number = this.#parts.length + 1
    const etag = await this.#bucket.uploadPart(this.#upload, number, joined(this.#tail))
    this.#parts.push({ number, etag, size: this.#tailBytes })
    this.#partBytes += this.#tailBytes
    this.#tail = []
    this.#tailBytes = 0
  }

  async *#readAll(): AsyncGenerator<Uint8Array> {
    const [tail, key, size] = [[...this.#tail], this.#key, this.#partBytes]
    if (this.#upload !== null) {
      // Parts cannot be read before they are an object, and an object cannot grow: complete this
      // one, and go on with another that begins with a copy of it.
      await this.#bucket.completeUpload(this.#upload, this.#parts)
      await this.#beginWith(key, size)
      yield* objectPieces(this.#bucket, dataKey(key), { start: 0, end: size })
    }
    yield* tail
  }

  /** Begins a new upload with the first `size` bytes of an object. */
  async #beginWith(source: string, size: number): Promise<void> {
    this.#key = freshKey(this.#id)
    this.#upload = await this.#bucket.createUpload(dataKey(this.#key))
    const span = { start: 0, end: size }
    const etag = await this.#bucket.copyPart(this.#upload, 1, dataKey(source), span)
    this.#parts = [{ number: 1, etag, size }]
    this.#partBytes = size
  }
}
