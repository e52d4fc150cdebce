import type { BlobStorePlace, PartStoreOptions, Supports } from '../../src/testing/index.ts'
import { partBucket, partStoreIn } from '../../src/testing/part-store.ts'

/** What the store under S3's rules supports: everything. */
export const partSupports: Supports = {
  reopen: true,
  secondInstance: true,
  outages: true,
  presign: true,
}

/** A bucket under S3's rules, for any number of stores. */
export function partPlace(options: PartStoreOptions = {}): BlobStorePlace {
  const bucket = partBucket(options)
  return {
    open: () => partStoreIn(bucket, options),
    failOnce: (skip) => bucket.failOnce(skip),
    fetch: (url) => bucket.fetch(url),
  }
}
