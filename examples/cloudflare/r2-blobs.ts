import type { UploadId } from 'layerdock'
import type { BlobRef, BlobStore, ByteSpan, OpenBlob } from 'layerdock/kit'
import { reach } from './r2-errors.ts'
import { dataKey, markerKey, markers, markersOf, objectsUnder, readMarker } from './r2-keys.ts'
import { smallestPart } from './r2-parts.ts'
import { R2Stage, type R2State } from './r2-stage.ts'

/** Settings of {@link r2Blobs}. */
export interface R2BlobsOptions {
  /**
   * Bytes of a part, of which an upload holds up to two in memory and R2 takes 10,000. Default, and
   * the least R2 takes: 5 MiB.
   */
  readonly partBytes?: number
}

/**
 * Blobs in an R2 bucket.
 *
 * `blobs/<upload>/<random>` holds bytes and `index/<upload>/<random>/<digest>/<size>`, written last
 * and empty, makes a blob of them: a key has to be chosen before the digest is known, and R2 renames
 * nothing. `staging/<upload>/…` holds what an unfinished upload has beyond its last whole part.
 */
export function r2Blobs(bucket: R2Bucket, options: R2BlobsOptions = {}): BlobStore {
  const partBytes = options.partBytes ?? smallestPart
  /** Who may write, of the uploads that are open here. */
  const writers: Map<UploadId, R2Stage> = new Map()
  return {
    async stage(id, hint, from) {
      writers.get(id)?.revoke()
      const ended = (writer: R2Stage): void => {
        if (writers.get(id) === writer) writers.delete(id)
      }
      const stage = new R2Stage(bucket, id, { partBytes, expected: hint.length ?? 0, ended })
      writers.set(id, stage)
      // The state is this store's own, come back from the session it was kept with.
      if (from !== undefined) await stage.resume(from as R2State)
      return stage
    },

    async open(blob) {
      const object = await reach(bucket.get(dataKey(blob.key)))
      if (object === null) return null
      if (object.size === blob.size) return opened(bucket, blob, object.body)
      await object.body.cancel()
      return null
    },

    /** A listed key has its digest here. */
    async delete(blob: BlobRef) {
      const found = (await reach(bucket.head(dataKey(blob.key)))) !== null
      await reach(bucket.delete([dataKey(blob.key), markerKey(blob)]))
      return found
    },

    async *list(after) {
      // `~` sorts behind every character of a digest, so behind the marker of the key itself.
      const from = after === undefined ? undefined : `${markersOf(after)}~`
      for await (const { key, uploaded } of objectsUnder(bucket, markers, from)) {
        const blob = readMarker(key)
        if (blob !== null) yield { ...blob, committedAt: uploaded.getTime() }
      }
    },

    async check() {
      await reach(bucket.head('check'))
    },

    /** Nothing to release: the bucket is the platform's. */
    async close() {},
  }
}

/** `body` is used for the first reader of it all: R2's own stream, which no JavaScript carries. */
function opened(bucket: R2Bucket, blob: BlobRef, body: ReadableStream<Uint8Array>): OpenBlob {
  let unread: ReadableStream<Uint8Array> | null = body
  const close = async (): Promise<void> => {
    const stream = unread
    unread = null
    await stream?.cancel()
  }
  return {
    size: blob.size,
    stream(span = { start: 0, end: blob.size }) {
      if (unread !== null && span.start === 0 && span.end === blob.size) {
        const whole = unread
        unread = null
        return whole
      }
      void close()
      return part(bucket, blob, span)
    },
    close,
  }
}

/** A response tells its length only when its stream knows it, so the stream has to know it first. */
function part(bucket: R2Bucket, blob: BlobRef, span: ByteSpan): ReadableStream<Uint8Array> {
  const length = span.end - span.start
  const { readable, writable } = new FixedLengthStream(length)
  const fill = async (): Promise<void> => {
    if (length === 0) return writable.close()
    const range = { offset: span.start, length }
    const object = await reach(bucket.get(dataKey(blob.key), { range }))
    if (object === null) throw new Error(`the bytes of ${blob.digest} are gone`)
    await object.body.pipeTo(writable)
  }
  fill().catch((error: unknown) => writable.abort(error).catch(() => {}))
  return readable
}
