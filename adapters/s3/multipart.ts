import type { S3Bucket } from './bucket.ts'
import type { S3Answer, S3Client } from './client.ts'
import { isKey } from './keys.ts'
import { absent, isCode, lost, S3Error, toRegistryError } from './s3-error.ts'
import { lengthOf } from './transport.ts'
import { elementsIn, escaped, textIn } from './xml.ts'

/** A part of an upload, as the bucket has it. Listings of parts are not to be trusted: some show replaced ones. */
export interface SentPart {
  readonly number: number
  readonly etag: string
  /** In bytes. */
  readonly size: number
  /** Its checksum in base64, where the upload has them. */
  readonly crc32?: string
}

/** Bytes of an object. */
export interface Span {
  readonly start: number
  /** After the last. */
  readonly end: number
}

/** What became of an upload that was to be completed: `gone` where it, or a part of it, is not as it was sent. */
export type Completion = 'done' | 'gone'

/** Uploads in parts. Errors are as those of {@link S3Bucket}. */
export class S3Uploads {
  readonly #client: S3Client
  readonly #bucket: S3Bucket

  constructor(client: S3Client, bucket: S3Bucket) {
    this.#client = client
    this.#bucket = bucket
  }

  /** Begins an upload in parts and returns its id. */
  async createUpload(key: string): Promise<string> {
    const headers = {
      'content-type': 'application/octet-stream',
      // Of the whole object: a checksum of checksums does not survive a copy everywhere.
      ...(this.#client.hasChecksums
        ? { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' }
        : {}),
    }
    const call = { operation: 'CreateMultipartUpload', method: 'POST', key, headers } as const
    const answer = await this.#client.expect({ ...call, query: { uploads: '' } })
    const id = textIn(answer.text, 'UploadId')
    if (id === null) throw toRegistryError(oddAnswer(call.operation, answer))
    // A try whose answer was lost may have begun another, which nothing would ever end.
    if (answer.mayBeSecond) await this.#abortOthers(key, id)
    return id
  }

  /** Sends a part; one of the same number is replaced. Null where the upload is gone. */
  async uploadPart(
    key: string,
    upload: string,
    number: number,
    body: readonly Uint8Array[],
  ): Promise<SentPart | null> {
    const headers = this.#client.checksum(body)
    const call = { operation: 'UploadPart', method: 'PUT', key, headers, body } as const
    const answer = await this.#client.expect({ ...call, query: partQuery(upload, number) }, ...lost)
    if (answer instanceof S3Error) return null
    const etag = answer.response.header('etag')
    if (etag === null) throw toRegistryError(oddAnswer(call.operation, answer))
    const crc32 = headers['x-amz-checksum-crc32']
    return { number, etag, size: lengthOf(body), ...(crc32 === undefined ? {} : { crc32 }) }
  }

  /** Makes bytes of another object a part, without a way through here. Null where either is gone. */
  async copyPart(
    key: string,
    upload: string,
    number: number,
    source: { readonly key: string; readonly etag?: string; readonly span: Span },
  ): Promise<SentPart | null> {
    const { start, end } = source.span
    const headers = {
      'x-amz-copy-source': this.#client.sourceOf(source.key),
      'x-amz-copy-source-range': `bytes=${start}-${end - 1}`,
      ...(source.etag === undefined ? {} : { 'x-amz-copy-source-if-match': source.etag }),
    }
    const call = { operation: 'UploadPartCopy', method: 'PUT', key, headers } as const
    const { completeMs } = this.#client.settings
    const answer = await this.#client.expect(
      { ...call, query: partQuery(upload, number), idleMs: completeMs },
      ...[...lost, ...absent, 'PreconditionFailed'],
    )
    if (answer instanceof S3Error) return null
    const etag = textIn(answer.text, 'ETag')
    if (etag === null) throw toRegistryError(oddAnswer(call.operation, answer))
    const crc32 = textIn(answer.text, 'ChecksumCRC32')
    return { number, etag: quoted(etag), size: end - start, ...(crc32 === null ? {} : { crc32 }) }
  }

  /** Makes the parts an object of `size` bytes. */
  async completeUpload(
    key: string,
    upload: string,
    parts: readonly SentPart[],
    size: number,
  ): Promise<Completion> {
    const entries = parts.map(({ number, etag, crc32 }) => {
      const sum = crc32 === undefined ? '' : `<ChecksumCRC32>${escaped(crc32)}</ChecksumCRC32>`
      const name = `<PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag>`
      return `<Part>${name}${sum}</Part>`
    })
    const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${entries.join('')}</CompleteMultipartUpload>`
    const call = {
      operation: 'CompleteMultipartUpload',
      method: 'POST',
      key,
      query: { uploadId: upload },
      headers: { 'content-type': 'application/xml' },
      body: [new TextEncoder().encode(xml)],
      idleMs: this.#client.settings.completeMs,
    } as const
    let mayBeDone = false
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#client.once(call)
        return 'done'
      } catch (error) {
        if (!(error instanceof S3Error)) throw error
        // Gone at the first try: another completed it, with parts that may be others.
        if (isCode(error, ...lost) && !mayBeDone) return 'gone'
        if (!isCode(error, ...lost) && !(await this.#client.pause(error, tries))) {
          throw toRegistryError(error)
        }
        mayBeDone ||= error.status === 0 || error.status >= 500
        // The key is this upload's alone: an object of that size is what was asked for.
        if ((await this.#bucket.head(key))?.size === size) return 'done'
        if (isCode(error, ...lost)) return 'gone'
      }
    }
  }

  /** Ends an upload and drops its parts; harmless where it is gone. */
  async abortUpload(key: string, upload: string): Promise<void> {
    const call = { operation: 'AbortMultipartUpload', method: 'DELETE', key } as const
    await this.#client.expect({ ...call, query: { uploadId: upload } }, ...lost, ...absent)
  }

  /** Whether the bucket has the upload. */
  async hasUpload(key: string, upload: string): Promise<boolean> {
    const query = { uploadId: upload, 'max-parts': '1' }
    const call = { operation: 'ListParts', method: 'GET', key, query } as const
    return !((await this.#client.expect(call, ...lost, ...absent)) instanceof S3Error)
  }

  /** Ends uploads that were begun before `before`, in milliseconds since the epoch: what processes left that died. */
  async abortOld(before: number): Promise<void> {
    const { prefix } = this.#client.settings
    let marks: Record<string, string> = {}
    for (;;) {
      const query = { uploads: '', prefix, ...marks }
      const call = { operation: 'ListMultipartUploads', method: 'GET', query } as const
      // Not everyone may list uploads, and not every service can.
      const answer = await this.#client.expect(call, 'AccessDenied', 'NotImplemented')
      if (answer instanceof S3Error) return
      for (const entry of elementsIn(answer.text, 'Upload')) {
        const key = textIn(entry, 'Key') ?? ''
        const id = textIn(entry, 'UploadId')
        const isOld = Date.parse(textIn(entry, 'Initiated') ?? '') < before
        if (id === null || !isOld || !key.startsWith(prefix)) continue
        if (isKey(key.slice(prefix.length))) await this.abortUpload(key.slice(prefix.length), id)
      }
      const keyMark = textIn(answer.text, 'NextKeyMarker')
      if (textIn(answer.text, 'IsTruncated') !== 'true' || !keyMark) return
      const idMark = textIn(answer.text, 'NextUploadIdMarker') ?? ''
      marks = { 'key-marker': keyMark, 'upload-id-marker': idMark }
    }
  }

  async #abortOthers(key: string, id: string): Promise<void> {
    const query = { uploads: '', prefix: this.#client.pathOf(key) }
    const call = { operation: 'ListMultipartUploads', method: 'GET', query } as const
    try {
      const { text } = await this.#client.expect(call)
      for (const entry of elementsIn(text, 'Upload')) {
        const other = textIn(entry, 'UploadId')
        if (other !== null && other !== id) await this.abortUpload(key, other)
      }
    } catch {
      // The rule of the bucket that ends old uploads is for this.
    }
  }
}

/** As headers have it: some answers leave the quotes out. */
function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`
}

function partQuery(upload: string, number: number): Record<string, string> {
  return { partNumber: `${number}`, uploadId: upload }
}

function oddAnswer(operation: string, answer: S3Answer): S3Error {
  const told = { code: 'OddAnswer', status: answer.response.status, message: 'not what S3 answers' }
  return new S3Error(operation, { ...told, requestId: null, retryAfterMs: null })
}
