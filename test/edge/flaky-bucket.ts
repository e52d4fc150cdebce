import type { Outage } from './outage.ts'

/** A bucket each call of which is an access that may fail. */
export function flakyBucket(bucket: R2Bucket, outage: Outage): R2Bucket {
  async function access<T>(call: () => Promise<T>): Promise<T> {
    outage.access()
    return call()
  }
  function flakyUpload(upload: R2MultipartUpload): R2MultipartUpload {
    return {
      uploadId: upload.uploadId,
      uploadPart: (number, value) => access(() => upload.uploadPart(number, value)),
      complete: (parts) => access(() => upload.complete(parts)),
      abort: () => access(() => upload.abort()),
    }
  }
  return {
    head: (key) => access(() => bucket.head(key)),
    get: (key, options) => access(() => bucket.get(key, options)),
    put: (key, value) => access(() => bucket.put(key, value)),
    delete: (keys) => access(() => bucket.delete(keys)),
    list: (options) => access(() => bucket.list(options)),
    createMultipartUpload: (key) =>
      access(async () => flakyUpload(await bucket.createMultipartUpload(key))),
    resumeMultipartUpload: (key, id) => flakyUpload(bucket.resumeMultipartUpload(key, id)),
  }
}
