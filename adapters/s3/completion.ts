import { RegistryError } from '../../src/index.ts'
import type { S3Bucket } from './bucket.ts'
import type { S3Uploads } from './multipart.ts'
import { nothing, type S3State } from './state.ts'
import type { Trail } from './trail.ts'
import { readWhole } from './transport.ts'

/**
 * Makes one object of a state's bytes, which no more can be added to.
 *
 * @throws RegistryError `uploadUnknown` where the upload is gone, or another wrote to it
 */
export async function asObject(
  bucket: S3Bucket,
  uploads: S3Uploads,
  state: S3State,
  trail: Trail,
): Promise<S3State> {
  const { key, upload, tail, size, next } = state
  if (upload === null) return state
  let { parts } = state
  if (tail !== null) {
    const source = { key: tail.key, span: { start: 0, end: tail.size } }
    const part = await uploads.copyPart(key, upload, next, source)
    if (part === null) throw gone(tail.key)
    parts = [...parts, part]
  }
  trail.completing(key)
  if ((await uploads.completeUpload(key, upload, parts, size)) === 'gone') throw gone(key)
  trail.completed(key, upload)
  const head = await bucket.head(key)
  if (head?.size !== size) throw gone(key)
  return { ...nothing, size, key, since: Date.now() - head.ageMs }
}

/** All bytes of a small object. @throws RegistryError `uploadUnknown` where it is not as it was. */
export async function bytesOf(bucket: S3Bucket, key: string, size: number): Promise<Uint8Array> {
  const response = await bucket.get(key)
  const bytes = response === null ? null : await readWhole(response.body)
  if (bytes?.byteLength !== size) throw gone(key)
  return bytes
}

/** What is said of bytes that are not where they were. */
export function gone(key: string): RegistryError {
  return new RegistryError('uploadUnknown', { cause: new Error(`the bytes under ${key} are gone`) })
}
