import { type BlobWork, Histogram } from '../../src/kit.ts'

/** How long the work of a blob store took. */
export type BlobWorkTimes = Readonly<Record<BlobWork, Histogram>>

/** Before there was any. */
export function blobWorkTimes(): BlobWorkTimes {
  return {
    read: new Histogram(),
    write: new Histogram(),
    publish: new Histogram(),
    delete: new Histogram(),
  }
}

/** Counts how long work takes that has just begun, where it does not fail. */
export async function timed<T>(times: Histogram, work: Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work
  times.addSince(began)
  return result
}
