import type { BlobRef, BlobStore, OpenBlob } from '../kit.ts'
import { ObjectBucket, objectsUnder } from './object-storage/bucket.ts'
import { dataKey, markerKey, markers, markersOf, readMarker } from './object-storage/keys.ts'
import { PartStage, type PartState } from './object-storage/stage.ts'
import { objectPieces, streamOf } from './object-storage/stream.ts'

/** Settings of {@link partStore}. */
export interface PartStoreOptions {
  /** The least bytes of a part that is not the last. Default: 5 MiB, as on S3. */
  readonly minPartBytes?: number
  /** Keys in one page of the bucket's listing. Default: 1000, as on S3. */
  readonly keysPerPage?: number
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
}

/**
 * A blob store in memory under the rules of S3: it shows that the ports can be kept there, and lets
 * a registry be tested on a store whose keys say nothing of digests.
 *
 * `data/<upload>/<random>` holds bytes. That key is fixed before the digest is known and objects
 * cannot be renamed, so an empty object `blobs/<upload>/<random>/<digest>/<size>`, written last, is
 * what makes a blob of it and lists it. `staging/<upload>/…` holds bytes too few for a part.
 */
export function partStore(options: PartStoreOptions = {}): BlobStore {
  return partStoreIn(partBucket(options), options)
}

/** The bucket of a {@link partStore}. */
export function partBucket(options: PartStoreOptions = {}): ObjectBucket {
  return new ObjectBucket({
    minPartBytes: options.minPartBytes ?? defaultPartBytes,
    keysPerPage: options.keysPerPage ?? 1000,
    clock: options.clock ?? Date.now,
  })
}

/** A store over a bucket, which others may share. */
export function partStoreIn(bucket: ObjectBucket, options: PartStoreOptions = {}): BlobStore {
  const { minPartBytes = defaultPartBytes } = options
  return {
    minChunkBytes: minPartBytes,

    async stage(id, _hint, from) {
      const stage = new PartStage(bucket, id, minPartBytes)
      // The state is this store's own, come back from the session it was kept with.
      if (from !== undefined) await stage.resume(from as PartState)
      return stage
    },

    async open(blob) {
      const head = await bucket.head(dataKey(blob.key))
      return head === null || head.size !== blob.size ? null : opened(bucket, blob)
    },

    async presign(blob, ttlMs) {
      return bucket.presign(dataKey(blob.key), ttlMs)
    },

    /** A listed key has its digest here. */
    async delete(blob: BlobRef) {
      const key = dataKey(blob.key)
      const found = (await bucket.head(key)) !== null
      await bucket.delete(key)
      await bucket.delete(markerKey(blob))
      return found
    },

    async *list(after) {
      // `~` sorts behind every character of a digest, so behind the marker of the key itself.
      const from = after === undefined ? undefined : `${markersOf(after)}~`
      for await (const { key, modifiedAt } of objectsUnder(bucket, markers, from)) {
        const blob = readMarker(key)
        if (blob !== null) yield { ...blob, committedAt: modifiedAt }
      }
    },

    async close() {},
  }
}

const defaultPartBytes = 5 * 1024 * 1024

function opened(bucket: ObjectBucket, blob: BlobRef): OpenBlob {
  return {
    size: blob.size,
    stream: (span = { start: 0, end: blob.size }) =>
      streamOf(objectPieces(bucket, dataKey(blob.key), span)),
    async close() {},
  }
}
