import { parseDigest, type UploadId } from 'layerdock'
import { type BlobRef, newUploadId } from 'layerdock/kit'
import { reach } from './r2-errors.ts'

/** The prefix of all markers. */
export const markers = 'index/'

/** The prefix of the bytes of all blobs. */
export const data = 'blobs/'

/**
 * A blob's key, fixed before its digest is known. Never the same twice: no try of an upload overwrites
 * what another committed, and deleting a key deletes one copy of the bytes.
 */
export function freshKey(id: UploadId): string {
  return `${id}/${newUploadId()}`
}

/** The object with the bytes of a blob's key. */
export function dataKey(key: string): string {
  return `${data}${key}`
}

/** The prefix of an unfinished upload's bytes that do not fill a part. */
export function tailsOf(id: UploadId): string {
  return `staging/${id}/`
}

/** The prefix of the marker of a blob's key. */
export function markersOf(key: string): string {
  return `${markers}${key}/`
}

/** The empty object that makes a blob of the bytes: it says of which digest and size they are. */
export function markerKey(blob: BlobRef): string {
  return `${markersOf(blob.key)}${blob.digest}/${blob.size}`
}

/** The blob of a marker; null where the key is not a marker. */
export function readMarker(marker: string): BlobRef | null {
  const [, id, random, digestText = '', size] = marker.split('/')
  const digest = parseDigest(digestText)
  return digest === null ? null : { digest, size: Number(size), key: `${id}/${random}` }
}

/** Every object under `prefix`, from after the key `after`, page by page. */
export async function* objectsUnder(
  bucket: R2Bucket,
  prefix: string,
  after?: string,
): AsyncGenerator<R2Object> {
  let startAfter = after
  for (;;) {
    const page = await reach(
      bucket.list(startAfter === undefined ? { prefix } : { prefix, startAfter }),
    )
    yield* page.objects
    const last = page.objects.at(-1)
    if (!page.truncated || last === undefined) return
    startAfter = last.key
  }
}
