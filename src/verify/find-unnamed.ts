import type { StoredBytes } from '../ports/blob-store.ts'
import type { Pass } from './pass.ts'

/** Keys asked about at once: some stores look through all their names for each lot. */
const atOnce = 5000

/**
 * Counts bytes that no name points at, which a crash may leave and a sweep deletes: they are no damage. Those
 * committed lately may still get their name.
 */
export async function findUnnamed(pass: Pass): Promise<void> {
  const { metadata, place, progress, patiently, clock, graceMs } = pass
  // The store stamps commits with the machine's time. Where that leaps ahead, the steady clock decides.
  const before = Math.min(Date.now(), clock()) - graceMs
  let lot: StoredBytes[] = []
  const look = async (): Promise<void> => {
    const keys = lot
    lot = []
    const last = keys.at(-1)
    if (last === undefined) return
    const end = place.begin(last.key)
    const known = await patiently(() => metadata.knowsKeys(keys))
    for (const [index, { size }] of keys.entries()) {
      if (known[index] !== false) continue
      progress.unnamed += 1
      progress.unnamedBytes += size
    }
    pass.looked()
    await end()
  }
  for await (const found of listed(pass)) {
    pass.signal?.throwIfAborted()
    await pass.findings.otherCopy(found)
    if (found.committedAt > before) continue
    lot.push(found)
    if (lot.length === atOnce) await look()
  }
  await look()
}

/** Everything the store lists after the place of the pass; where it is unavailable for a while, from where it was. */
async function* listed({ blobs, place, patiently }: Pass): AsyncGenerator<StoredBytes> {
  let after = place.after
  const begin = (): AsyncIterator<StoredBytes> =>
    blobs.list(after === '' ? undefined : after)[Symbol.asyncIterator]()
  let items = begin()
  try {
    for (;;) {
      const next = await patiently(() =>
        items.next().catch((error: unknown) => {
          // A list that failed once has ended.
          items = begin()
          throw error
        }),
      )
      if (next.done === true) return
      after = next.value.key
      yield next.value
    }
  } finally {
    await items.return?.()
  }
}
