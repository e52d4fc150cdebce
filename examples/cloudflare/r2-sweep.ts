import type { BlobRef } from 'layerdock/kit'
import { reach } from './r2-errors.ts'
import {
  data,
  dataKey,
  markerKey,
  markers,
  markersOf,
  objectsUnder,
  readMarker,
} from './r2-keys.ts'

/** Blobs whose names are asked for at once. R2 deletes as many objects in one call. */
const lot = 500

/**
 * Deletes bytes that requests which died left behind: objects that never became a blob, and blobs that
 * never got a name. As `registry.sweepBytes`, in far fewer calls, of which a Worker has only so many.
 *
 * @param before objects that are younger stay, in milliseconds since the epoch: a name may be on its way
 * @param unnamed returns the blobs that have no name, of those it is given
 * @returns how many there were
 */
export async function sweep(
  bucket: R2Bucket,
  before: number,
  unnamed: (blobs: readonly BlobRef[]) => Promise<readonly BlobRef[]>,
): Promise<number> {
  let swept = 0
  const remove = async (keys: string[]): Promise<void> => {
    if (keys.length > 0) await reach(bucket.delete(keys))
  }
  const blobs: BlobRef[] = []
  const look = async (): Promise<void> => {
    const found = await unnamed(blobs.splice(0))
    swept += found.length
    await remove(found.flatMap((blob) => [dataKey(blob.key), markerKey(blob)]))
  }
  // Both lists are in the same order, so one walk finds the marker of each object.
  const all = objectsUnder(bucket, markers)
  let next = await all.next()
  for await (const { key, uploaded } of objectsUnder(bucket, data)) {
    if (uploaded.getTime() >= before) continue
    const place = markersOf(key.slice(data.length))
    while (!next.done && next.value.key < place) next = await all.next()
    const marker = next.done ? '' : next.value.key
    const blob = marker.startsWith(place) ? readMarker(marker) : null
    if (blob !== null) blobs.push(blob)
    else {
      swept += 1
      await remove([key])
    }
    if (blobs.length === lot) await look()
  }
  await look()
  return swept
}
