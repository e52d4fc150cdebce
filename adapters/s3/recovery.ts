import { RegistryError } from '../../src/index.ts'
import type { S3Bucket } from './bucket.ts'
import type { S3Uploads } from './multipart.ts'
import type { S3State } from './state.ts'

/** Parts that are copied at once. */
const together = 8

/**
 * A state whose bytes were looked for. Where another process completed the upload after that state and then died,
 * the parts are copied out of the object, into a new upload; each copy has to be the part that was acknowledged.
 *
 * @param fresh a key for a new upload
 * @throws RegistryError `uploadUnknown` where the bytes are not all there
 */
export async function recovered(
  bucket: S3Bucket,
  uploads: S3Uploads,
  state: S3State,
  fresh: () => string,
): Promise<S3State> {
  const { key, upload, tail, size } = state
  if (size === 0) return state
  const [isThere, tailHead] = await Promise.all([
    upload === null
      ? bucket.head(key).then((head) => head?.size === size)
      : uploads.hasUpload(key, upload),
    tail === null ? null : bucket.head(tail.key),
  ])
  if (tail !== null && tailHead?.size !== tail.size) throw gone(tail.key)
  if (isThere) return state
  if (upload === null) throw gone(key)
  return copied(bucket, uploads, state, fresh())
}

async function copied(
  bucket: S3Bucket,
  uploads: S3Uploads,
  state: S3State,
  key: string,
): Promise<S3State> {
  const { parts } = state
  const head = await bucket.head(state.key)
  const bytes = parts.reduce((sum, part) => sum + part.size, 0)
  if (head === null || head.size < bytes) throw gone(state.key)
  const upload = await uploads.createUpload(key)
  try {
    let start = 0
    const ranges = parts.map((part) => {
      start += part.size
      return { part, span: { start: start - part.size, end: start } }
    })
    const copies = []
    for (let at = 0; at < ranges.length; at += together) {
      const lot = ranges.slice(at, at + together).map(async ({ part, span }) => {
        const source = { key: state.key, etag: head.etag, span }
        const copy = await uploads.copyPart(key, upload, part.number, source)
        // The etag is the content's: another writer's bytes are not taken for these.
        if (copy?.etag !== part.etag) throw gone(state.key)
        return copy
      })
      copies.push(...(await Promise.all(lot)))
    }
    return { ...state, key, upload, parts: copies, since: Date.now() }
  } catch (error) {
    await uploads.abortUpload(key, upload).catch(() => {})
    throw error
  }
}

function gone(key: string): RegistryError {
  return new RegistryError('uploadUnknown', {
    cause: new Error(`${key} is not as it was when the upload was suspended`),
  })
}
