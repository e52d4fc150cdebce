import type { S3Client } from './client.ts'
import { absent, isCode, S3Error, toRegistryError } from './s3-error.ts'
import { lengthOf, type S3Response } from './transport.ts'
import { elementsIn, textIn } from './xml.ts'

/** An object as it stands in the bucket. */
export interface ObjectHead {
  /** In bytes. */
  readonly size: number
  readonly etag: string
  /** How long ago it was written, by the store's own clock, in milliseconds. */
  readonly ageMs: number
  /** Whether it was marked as a blob. */
  readonly isMarked: boolean
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string
  /** In bytes. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/**
 * Objects. Methods throw RegistryError `unavailable`, or `storageFull`; what they
 * answer for is their return.
 */
export class S3Bucket {
  readonly client: S3Client

  constructor(client: S3Client) {
    this.client = client
  }

  /** Writes a whole object under a fresh key. */
  async put(key: string, body: readonly Uint8Array[]): Promise<void> {
    const { conditionalWrites } = this.client.settings
    const headers = {
      'content-type': 'application/octet-stream',
      ...(conditionalWrites ? { 'if-none-match': '*' } : {}),
      ...this.client.checksum(body),
    }
    const call = { operation: 'PutObject', method: 'PUT', key, headers, body } as const
    const answer = await this.client.expect(call, 'PreconditionFailed')
    if (!(answer instanceof S3Error)) return
    // Nobody else knows the key: a try whose answer was lost wrote it, or began to.
    if ((await this.head(key))?.size === lengthOf(body)) return
    const { 'if-none-match': _, ...again } = headers as Record<string, string>
    await this.client.expect({ ...call, headers: again })
  }

  /** What is known of an object; null when there is none. */
  async head(key: string): Promise<ObjectHead | null> {
    const answer = await this.client.expect(
      { operation: 'HeadObject', method: 'HEAD', key },
      ...absent,
    )
    if (!(answer instanceof S3Error)) return headOf(answer.response)
    // A HEAD says the same of a missing bucket, or of a proxy in between. A GET says which.
    const range = { range: 'bytes=0-0' }
    const again = await this.get(key, range)
    again?.body.cancel()
    return again === null ? null : headOf(again)
  }

  /** Begins to read an object; null when there is none, or it is not as the headers ask. */
  async get(key: string, headers: Record<string, string> = {}): Promise<S3Response | null> {
    try {
      return await this.client.open({ operation: 'GetObject', method: 'GET', key, headers })
    } catch (error) {
      if (isCode(error, 'NoSuchKey', 'PreconditionFailed', 'InvalidRange')) return null
      throw toRegistryError(error)
    }
  }

  /** Removes an object, if there is one: it does not say. */
  async delete(key: string): Promise<void> {
    await this.client.expect({ operation: 'DeleteObject', method: 'DELETE', key }, ...absent)
  }

  /** Objects after the key `after`, page by page, in the order of their keys. */
  async *list(after?: string): AsyncGenerator<ListedObject> {
    const { prefix } = this.client.settings
    let from: string | null = null
    for (;;) {
      const query: Record<string, string> = { 'list-type': '2', prefix }
      if (from !== null) query['continuation-token'] = from
      else if (after !== undefined) query['start-after'] = prefix + after
      const answer = await this.client.expect({ operation: 'ListObjectsV2', method: 'GET', query })
      const text = answer.text
      for (const entry of elementsIn(text, 'Contents')) {
        const path = textIn(entry, 'Key') ?? ''
        const modifiedAt = Date.parse(textIn(entry, 'LastModified') ?? '')
        const size = Number(textIn(entry, 'Size'))
        if (path.startsWith(prefix)) yield { key: path.slice(prefix.length), size, modifiedAt }
      }
      from = textIn(text, 'NextContinuationToken')
      if (textIn(text, 'IsTruncated') !== 'true' || from === null) return
    }
  }

  /** Whether the bucket can be read and listed. */
  async check(): Promise<void> {
    const query = { 'list-type': '2', 'max-keys': '1', prefix: this.client.settings.prefix }
    await this.client.expect({ operation: 'ListObjectsV2', method: 'GET', query })
  }

  /**
   * Marks an object of up to 5 GiB as a blob, which makes it new as well: a state that still names it may then
   * not have it deleted. False where it is gone.
   */
  async mark(key: string): Promise<boolean> {
    const { completeMs } = this.client.settings
    const headers = {
      'content-type': 'application/octet-stream',
      'x-amz-copy-source': this.client.sourceOf(key),
      'x-amz-metadata-directive': 'REPLACE',
      [blobMark]: '1',
    }
    const call = { operation: 'CopyObject', method: 'PUT', key, headers } as const
    const answer = await this.client.expect({ ...call, idleMs: completeMs }, ...absent)
    return !(answer instanceof S3Error)
  }

  /** Removes an object unless it is a blob by now: a sweep then decides, which knows the names. */
  async deleteUnmarked(key: string): Promise<void> {
    const head = await this.head(key)
    if (head !== null && !head.isMarked) await this.delete(key)
  }
}

/** The header that says an object is a blob although a state names it. */
const blobMark = 'x-amz-meta-layerdock-blob'

/** What the headers of a GET or HEAD say; of part of an object, its whole size. */
export function headOf(response: S3Response): ObjectHead {
  const range = /\/(\d+)$/.exec(response.header('content-range') ?? '')
  const modified = Date.parse(response.header('last-modified') ?? '')
  const now = Date.parse(response.header('date') ?? '')
  return {
    size: Number(range?.[1] ?? response.header('content-length') ?? Number.NaN),
    etag: response.header('etag') ?? '',
    isMarked: response.header(blobMark) !== null,
    ageMs: Number.isNaN(now - modified) ? 0 : now - modified,
  }
}
