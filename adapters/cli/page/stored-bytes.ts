import type { MetadataStore } from '../../../src/kit.ts'

/** Digests that are counted in one step. */
const stepDigests = 1000
/** How old a count may be, in milliseconds; one that took long may be older. */
const freshMs = 60_000
/** A count may take this part of the time at most. */
const share = 1 / 50
/** How long a viewer waits for a count that has begun, in milliseconds. */
const patienceMs = 50

/**
 * Counts what is stored, each digest once. No store keeps that sum, so it is counted beside the requests, in steps,
 * and only when someone asks.
 *
 * @returns what gives the last count: null where there is none yet. Never rejects
 */
export function storedBytes(
  metadata: Pick<MetadataStore, 'listNamed'>,
  now: () => number = () => performance.now(),
): () => Promise<number | null> {
  let last: number | null = null
  let nextAt = Number.NEGATIVE_INFINITY
  let counting: Promise<void> | null = null

  async function count(): Promise<void> {
    const began = now()
    try {
      let sum = 0
      let after: string | undefined
      do {
        const page = await metadata.listNamed({
          limit: stepDigests,
          ...(after === undefined ? {} : { after }),
        })
        for (const { size } of page.items) sum += size
        after = page.more ? page.items.at(-1)?.digest : undefined
      } while (after !== undefined)
      last = sum
    } catch {
      // The server's health says so already, and the count from before stands.
    } finally {
      const took = now() - began
      nextAt = now() + Math.max(freshMs, took / share)
      counting = null
    }
  }

  return async () => {
    if (counting === null && now() >= nextAt) counting = count()
    if (last === null && counting !== null) await inTime(counting)
    return last
  }
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
