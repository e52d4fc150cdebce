import type { ByteSpan, OpenBlob } from '../../src/kit.ts'
import { headOf, type S3Bucket } from './bucket.ts'
import { noAnswer, type S3Error, toRegistryError } from './s3-error.ts'
import type { S3Body, S3Response } from './transport.ts'

/** An object that is being read, from its first byte to its last. */
export interface ReadObject {
  readonly key: string
  readonly etag: string
  /** In bytes. */
  readonly size: number
}

/** Bytes that are on their way. */
export interface Begun {
  readonly body: S3Body
  /** Which of the object's they are. */
  readonly span: ByteSpan
}

/**
 * Committed bytes of which the reading has begun: the answer that said the object is there is the answer that has
 * its bytes. A reader of another span begins again.
 */
export function openObject(bucket: S3Bucket, object: ReadObject, begun: Begun | null): OpenBlob {
  let unread = begun
  const close = async (): Promise<void> => {
    unread?.body.cancel()
    unread = null
  }
  return {
    size: object.size,
    stream(span = { start: 0, end: object.size }) {
      const isBegun = unread?.span.start === span.start && unread.span.end === span.end
      const body = isBegun ? (unread?.body ?? null) : null
      if (body === null) void close()
      unread = null
      return streamOf(new SpanReader(bucket, object, span, body))
    },
    close,
  }
}

/** All bytes of an object that is read when the stream is; null bytes where there are none to read. */
export function laterStream(
  open: () => Promise<readonly Uint8Array[] | SpanReader>,
): ReadableStream<Uint8Array> {
  let source: Uint8Array[] | SpanReader | null = null
  const next = async (): Promise<Uint8Array | null> => {
    if (source === null) {
      const opened = await open()
      source = opened instanceof SpanReader ? opened : [...opened]
    }
    return source instanceof SpanReader ? source.read() : (source.shift() ?? null)
  }
  const cancel = (): void => {
    if (source instanceof SpanReader) source.cancel()
  }
  return streamOf({ read: next, cancel })
}

/** Reads a span of an object. Where the body is cut, it goes on behind the last byte that came. */
export class SpanReader implements S3Body {
  readonly #bucket: S3Bucket
  readonly #object: ReadObject
  readonly #end: number
  #at: number
  #body: S3Body | null
  #isOver = false

  /** @param begun the bytes of the span, where they are on their way */
  constructor(bucket: S3Bucket, object: ReadObject, span: ByteSpan, begun: S3Body | null = null) {
    this.#bucket = bucket
    this.#object = object
    this.#at = span.start
    this.#end = span.end
    this.#body = begun
  }

  async read(): Promise<Uint8Array | null> {
    for (let tries = 1; ; tries += 1) {
      if (this.#isOver || this.#at >= this.#end) {
        this.cancel()
        return null
      }
      try {
        this.#body ??= (await this.#open()).body
        const chunk = await this.#body.read()
        if (chunk === null) throw new Error('the body ended before its length')
        return this.#took(chunk)
      } catch (error) {
        this.#body?.cancel()
        this.#body = null
        if (error instanceof ObjectGone) throw error
        const failure: S3Error = noAnswer('GetObject', error)
        // Every byte is progress, and begins the count again.
        if (this.#isOver || !(await this.#bucket.client.pause(failure, tries))) {
          throw toRegistryError(failure)
        }
      }
    }
  }

  cancel(): void {
    this.#isOver = true
    this.#body?.cancel()
    this.#body = null
  }

  #took(chunk: Uint8Array): Uint8Array {
    const piece = chunk.subarray(0, this.#end - this.#at)
    this.#at += piece.byteLength
    if (this.#at === this.#end) {
      // Its end is read too, so that the connection can be used again.
      const body = this.#body
      this.#body = null
      this.#isOver = true
      body?.read().then(
        (more) => more === null || body.cancel(),
        () => {},
      )
    }
    return piece
  }

  async #open(): Promise<S3Response> {
    const { key, etag, size } = this.#object
    if (this.#end > size)
      throw new ObjectGone(`bytes ${this.#at} to ${this.#end} are beyond the end`)
    const range = `bytes=${this.#at}-${this.#end - 1}`
    const response = await this.#bucket.get(key, { range, 'if-match': etag })
    if (response === null) throw new ObjectGone(`the object ${key} is gone`)
    if (response.status !== 206 || headOf(response).size !== size) {
      response.body.cancel()
      throw new ObjectGone(`the object ${key} is not as it was`)
    }
    return response
  }
}

/** The object is not there any more, or not as it was opened. */
class ObjectGone extends Error {}

function streamOf(body: S3Body): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await body.read()
        if (chunk === null) controller.close()
        else controller.enqueue(chunk)
      },
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  )
}
