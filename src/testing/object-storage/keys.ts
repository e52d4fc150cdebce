import { parseDigest, type UploadId } from '../../index.ts'
import { type BlobRef, newUploadId } from '../../kit.ts'

/** Where every marker is. */
export const markers = 'blobs/'

/** Where all the data of an upload is, committed or not. */
export function dataOf(id: UploadId): string {
  return `data/${id}/`
}

/** Where an upload's bytes are that are too few for a part. */
export function tailsOf(id: UploadId): string {
  return `staging/${id}/`
}

/** A key for an upload's bytes, never used before: a second try must not overwrite what a first committed. */
export function freshKey(id: UploadId): string {
  return `${id}/${newUploadId()}`
}

/** The object that has the bytes of a blob's key. */
export function dataKey(key: string): string {
  return `data/${key}`
}

/** Where the marker of a blob's key is. */
export function markersOf(key: string): string {
  return `${markers}${key}/`
}

/** The object that says of which digest and size a blob is. */
export function markerKey(blob: BlobRef): string {
  return `${markersOf(blob.key)}${blob.digest}/${blob.size}`
}

/** The blob a marker stands for; null where the key is not a marker. */
export function readMarker(marker: string): BlobRef | null {
  const [, id, random, digestText = '', size] = marker.split('/')
  const digest = parseDigest(digestText)
  return digest === null ? null : { digest, size: Number(size), key: `${id}/${random}` }
}
