import type { Digest } from '../../index.ts'
import { type BlobRef, newUploadId } from '../../kit.ts'
import { equals, holds, rejectsWith } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import {
  type BlobPlaceInUse,
  type BlobStoreCase,
  get,
  listed,
  placeCase,
  put,
  suspended,
  writeAll,
} from './store-case.ts'

const digest = sampleDigest(1)

/** More accesses than any method makes. */
const mostAccesses = 200

/**
 * Lets every access that `action` makes fail in turn, each in a try of its own. A try that fails is a
 * RegistryError `unavailable`, and `again` must then be right.
 */
async function atEveryAccess<T>(
  { failOnce }: BlobPlaceInUse,
  prepare: () => Promise<T>,
  action: (given: T) => Promise<unknown>,
  again: (given: T) => Promise<unknown>,
): Promise<void> {
  for (let skip = 0; skip < mostAccesses; skip += 1) {
    const given = await prepare()
    const callOff = failOnce(skip)
    let failed = true
    try {
      await action(given)
      failed = false
    } catch (error) {
      if (callOff()) {
        const thrown = (): Promise<unknown> => Promise.reject(error)
        await rejectsWith('unavailable', thrown, `access ${skip + 1} found the data unavailable`)
      } else throw error
    }
    const struck = callOff()
    if (failed) await again(given)
    if (!struck && !failed) return
  }
  holds(false, `a method ends after ${mostAccesses} accesses`)
}

/** What becomes of a method that finds the data unavailable: the same call may be made again. */
export const outageCases: readonly BlobStoreCase[] = [
  placeCase('an outage while committing keeps what was suspended', ['outages'], async (place) => {
    const store = await place.open()
    const bytes = sampleBytes(9000)
    const commit = async (from: Awaited<ReturnType<typeof prepare>>): Promise<BlobRef> => {
      const staged = await store.stage(from.id, {}, from.state)
      equals(staged.size, 4100, 'bytes of the suspended state')
      await writeAll(staged, bytes.subarray(4100))
      return await staged.commit(digest)
    }
    const prepare = async () => {
      const id = newUploadId()
      const first = await store.stage(id, {})
      await writeAll(first, bytes.subarray(0, 4100))
      return { id, state: await suspended(first) }
    }
    await atEveryAccess(place, prepare, commit, async (from) => {
      equals(await get(store, await commit(from)), bytes, 'the bytes, committed again')
    })
  }),

  placeCase('an outage while a chunk is written keeps those before', ['outages'], async (place) => {
    const store = await place.open()
    const bytes = sampleBytes(9450)
    const prepare = async () => {
      const id = newUploadId()
      const first = await store.stage(id, {})
      await writeAll(first, bytes.subarray(0, 4100))
      return { id, state: await suspended(first) }
    }
    const append = async ({ id, state }: Awaited<ReturnType<typeof prepare>>) => {
      const staged = await store.stage(id, {}, state)
      await writeAll(staged, bytes.subarray(4100))
      return await suspended(staged)
    }
    await atEveryAccess(place, prepare, append, async (from) => {
      const staged = await store.stage(from.id, {}, await append(from))
      equals(await get(store, await staged.commit(digest)), bytes, 'the bytes, written again')
    })
  }),

  placeCase(
    'an outage while a blob is opened is not a missing blob',
    ['outages'],
    async (place) => {
      const store = await place.open()
      const blob = await put(store, digest, sampleBytes(3000))
      const read = async (): Promise<void> => {
        equals(await get(store, blob), sampleBytes(3000), 'the bytes')
      }
      await atEveryAccess(place, async () => {}, read, read)
    },
  ),

  placeCase('an outage while deleting or listing', ['outages'], async (place) => {
    const store = await place.open()
    const prepare = (): Promise<BlobRef> => put(store, numbered(), sampleBytes(300))
    await atEveryAccess(
      place,
      prepare,
      async (blob) => {
        equals(await store.delete(blob), true, 'deleting')
        equals(await store.open(blob), null, 'what was deleted')
      },
      async (blob) => {
        await store.delete(blob)
        equals(await store.open(blob), null, 'what was deleted again')
      },
    )
    const blobs = [await prepare(), await prepare(), await prepare()]
    const list = async (): Promise<void> => {
      equals((await listed(store, blobs)).length, 3, 'keys listed')
    }
    await atEveryAccess(place, async () => {}, list, list)
  }),
]

let number = 100

function numbered(): Digest {
  number += 1
  return sampleDigest(number)
}
