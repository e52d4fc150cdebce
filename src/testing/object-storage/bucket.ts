import type { ByteSpan } from '../../kit.ts'
import { joined } from '../samples.ts'
import { Outage } from './outage.ts'

/** An object as a listing shows it. */
export interface ObjectHead {
  readonly key: string
  /** In bytes. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** A part, as the completion of an upload names it. */
export interface PartName {
  readonly number: number
  /** What the bucket answered when it took the part. */
  readonly etag: string
}

/** Settings of {@link ObjectBucket}. */
export interface BucketRules {
  /** The least bytes of every part but the last. */
  readonly minPartBytes: number
  /** The most keys one listing shows. */
  readonly keysPerPage: number
  readonly clock: () => number
}

/** The bucket refused; `message` begins with S3's code for it. */
export class BucketRefusal extends Error {
  override readonly name = 'BucketRefusal'
}

interface StoredObject {
  readonly bytes: Uint8Array
  readonly modifiedAt: number
}

interface Upload {
  readonly key: string
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>
}

const mostParts = 10_000

/**
 * Object storage in memory, as strict as S3: objects are written whole, never appended to and never
 * renamed; a large one is put together from numbered parts, under a key that is fixed when the
 * upload begins; parts cannot be read until the upload is complete.
 */
export class ObjectBucket {
  readonly #rules: BucketRules
  readonly #objects: Map<string, StoredObject> = new Map()
  readonly #uploads: Map<string, Upload> = new Map()
  /** Presigned paths, and until when they lead anywhere. */
  readonly #presigned: Map<string, { readonly key: string; readonly until: number }> = new Map()
  #counter = 0
  readonly #outage: Outage = new Outage()

  constructor(rules: BucketRules) {
    this.#rules = rules
  }

  /** Lets one call fail: see `failOnce` of a contract's place. */
  failOnce(skip = 0): () => boolean {
    return this.#outage.failOnce(skip)
  }

  /** Writes a whole object; one of the same key is replaced. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#outage.reach()
    this.#store(key, bytes.slice())
  }

  /** What is known of an object; null when there is none. */
  async head(key: string): Promise<ObjectHead | null> {
    this.#outage.reach()
    return this.#headOf(key)
  }

  /** Part of an object. @throws BucketRefusal `NoSuchKey`, `InvalidRange`. */
  async get(key: string, span: ByteSpan): Promise<Uint8Array> {
    this.#outage.reach()
    const bytes = this.#object(key)
    if (span.start >= span.end || span.start >= bytes.byteLength) throw refused('InvalidRange', key)
    return bytes.slice(span.start, span.end)
  }

  /** Removes an object, if there is one: it does not say. */
  async delete(key: string): Promise<void> {
    this.#outage.reach()
    this.#objects.delete(key)
  }

  /** Objects whose keys begin with `prefix` and come after `after`, by key. */
  async list(
    prefix: string,
    after = '',
  ): Promise<{ readonly items: readonly ObjectHead[]; readonly more: boolean }> {
    this.#outage.reach()
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after)
    const page = keys.sort().slice(0, this.#rules.keysPerPage)
    const heads = page.map((key) => this.#headOf(key))
    return { items: heads.filter((head) => head !== null), more: page.length < keys.length }
  }

  /** Begins an upload in parts and returns its id. */
  async createUpload(key: string): Promise<string> {
    this.#outage.reach()
    const id = this.#fresh('upload')
    this.#uploads.set(id, { key, parts: new Map() })
    return id
  }

  /** Ids of the uploads under way whose keys begin with `prefix`. */
  async listUploads(prefix: string): Promise<readonly string[]> {
    this.#outage.reach()
    const found = [...this.#uploads].filter(([, upload]) => upload.key.startsWith(prefix))
    return found.map(([id]) => id)
  }

  /** Takes a part; one of the same number is replaced. Returns its etag. */
  async uploadPart(id: string, number: number, bytes: Uint8Array): Promise<string> {
    this.#outage.reach()
    return this.#takePart(id, number, bytes.slice())
  }

  /** Takes part of another object as a part, without the bytes leaving the bucket. */
  async copyPart(id: string, number: number, from: string, span: ByteSpan): Promise<string> {
    this.#outage.reach()
    const bytes = this.#object(from)
    if (span.end > bytes.byteLength) throw refused('InvalidRange', from)
    return this.#takePart(id, number, bytes.slice(span.start, span.end))
  }

  /**
   * Makes the named parts an object, and the upload ends.
   *
   * @throws BucketRefusal `NoSuchUpload`, `MalformedXML` without parts, `InvalidPartOrder`,
   *   `InvalidPart` where one is not as it was named, `EntityTooSmall`.
   */
  async completeUpload(id: string, names: readonly PartName[]): Promise<void> {
    this.#outage.reach()
    const { key, parts } = this.#upload(id)
    if (names.length === 0) throw refused('MalformedXML', 'an upload needs a part')
    const chosen: Uint8Array[] = []
    for (const [index, { number, etag }] of names.entries()) {
      if (number <= (names[index - 1]?.number ?? 0)) throw refused('InvalidPartOrder', `${number}`)
      const part = parts.get(number)
      if (part === undefined || part.etag !== etag) throw refused('InvalidPart', `${number}`)
      if (index < names.length - 1 && part.bytes.byteLength < this.#rules.minPartBytes) {
        throw refused('EntityTooSmall', `part ${number} has ${part.bytes.byteLength} bytes`)
      }
      chosen.push(part.bytes)
    }
    this.#store(key, joined(chosen))
    this.#uploads.delete(id)
  }

  /** Ends an upload and drops its parts. @throws BucketRefusal `NoSuchUpload`. */
  async abortUpload(id: string): Promise<void> {
    this.#outage.reach()
    this.#upload(id)
    this.#uploads.delete(id)
  }

  /** A URL that {@link fetch} answers for `ttlMs`; made without a look at the object, as S3 does. */
  presign(key: string, ttlMs: number): URL {
    const url = new URL(`https://bucket.test/${this.#fresh('signature')}`)
    this.#presigned.set(url.pathname, { key, until: this.#rules.clock() + ttlMs })
    return url
  }

  /** What a client gets who follows a presigned URL. */
  async fetch(url: URL): Promise<Response> {
    const signed = this.#presigned.get(url.pathname)
    if (signed === undefined || signed.until < this.#rules.clock()) {
      return new Response('AccessDenied', { status: 403 })
    }
    const object = this.#objects.get(signed.key)
    if (object === undefined) return new Response('NoSuchKey', { status: 404 })
    return new Response(object.bytes.slice())
  }

  #headOf(key: string): ObjectHead | null {
    const object = this.#objects.get(key)
    if (object === undefined) return null
    return { key, size: object.bytes.byteLength, modifiedAt: object.modifiedAt }
  }

  #store(key: string, bytes: Uint8Array): void {
    this.#objects.set(key, { bytes, modifiedAt: this.#rules.clock() })
  }

  #takePart(id: string, number: number, bytes: Uint8Array): string {
    const { parts } = this.#upload(id)
    if (number < 1 || number > mostParts) throw refused('InvalidArgument', `part ${number}`)
    const etag = this.#fresh('etag')
    parts.set(number, { etag, bytes })
    return etag
  }

  #object(key: string): Uint8Array {
    const object = this.#objects.get(key)
    if (object === undefined) throw refused('NoSuchKey', key)
    return object.bytes
  }

  #upload(id: string): Upload {
    const upload = this.#uploads.get(id)
    if (upload === undefined) throw refused('NoSuchUpload', id)
    return upload
  }

  #fresh(kind: string): string {
    this.#counter += 1
    return `${kind}-${this.#counter}`
  }
}

/** Every object under `prefix`, from after the key `after`, page by page. */
export async function* objectsUnder(
  bucket: ObjectBucket,
  prefix: string,
  after?: string,
): AsyncGenerator<ObjectHead> {
  let from = after
  for (;;) {
    const page = await bucket.list(prefix, from)
    yield* page.items
    if (!page.more) return
    from = page.items.at(-1)?.key
  }
}

function refused(code: string, detail: string): BucketRefusal {
  return new BucketRefusal(`${code}: ${detail}`)
}
