import type { NoticeSink } from '../../../src/index.ts'
import { isReady, type Plane, type Planes, planesLooker } from '../health.ts'

/** A store that may be away. */
export interface WatchedStore {
  /** What it is called where everybody may read it: `the database`. */
  readonly name: string
  /** Whether it gives notice itself when its condition changes. Default: no. */
  readonly tells?: boolean
  /**
   * For how long one that answered is not looked at again unless a request fails, in milliseconds: a look at a
   * bucket has a price. Default: 0.
   */
  readonly trustedMs?: number
  /** @throws Error that says why the store cannot be used now. */
  check(): Promise<void>
}

/** What is known of stores that are elsewhere. */
export interface StoreWatch {
  /** Looks at them, cheap when called often and never for long. Never rejects. */
  look(): Promise<Planes>
  /** Looks at both again, because a request failed: whether they can be used. */
  doubt(): Promise<boolean>
  /** Notes that the store of names has answered a request. */
  worked(): void
  close(): void
}

/** A store that takes longer to answer cannot be used, in milliseconds. */
const checkMs = 4_000
/** Without probes, the log still has to say that a store is away. */
const lookEveryMs = 3_000

/**
 * Watches the store of names and that of bytes, which unfinished uploads need both. Each time one goes away
 * or comes back is one notice.
 */
export function watchStores(
  stores: { readonly metadata: WatchedStore; readonly blobs: WatchedStore },
  onNotice: NoticeSink,
): StoreWatch {
  const metadata = watched('metadata', stores.metadata, onNotice)
  const blobs = watched('blobs', stores.blobs, onNotice)
  let last: Planes | null = null

  async function lookAt(anew: boolean): Promise<Planes> {
    const [names, bytes] = await Promise.all([metadata.look(anew), blobs.look(anew)])
    last = { metadata: names, blobs: bytes, uploads: names.state === 'ok' ? bytes : names }
    return last
  }

  const look = planesLooker(() => lookAt(false))
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return {
    look,
    async doubt() {
      if (last !== null && !isReady(last)) return false
      return isReady(await lookAt(true))
    },
    worked: metadata.worked,
    close: () => clearInterval(timer),
  }
}

/** One store and what is known of it. */
interface Watched {
  /** Two looks at once are one. */
  look(anew: boolean): Promise<Plane>
  worked(): void
}

function watched(
  part: 'metadata' | 'blobs',
  { name, tells = false, trustedMs = 0, check }: WatchedStore,
  onNotice: NoticeSink,
): Watched {
  let plane: Plane = { state: 'ok', reason: null }
  let wellAt = Number.NEGATIVE_INFINITY
  let looking: Promise<Plane> | null = null

  async function look(): Promise<Plane> {
    const began = performance.now()
    const failure = await failureOf(check)
    // A store that is slow for all, and answers requests meanwhile, is not away: without any node nothing would work.
    const error = failure instanceof NoAnswer && wellAt >= began ? null : failure
    const state = error === null ? 'ok' : 'unavailable'
    const reason = error === null ? null : `${name} cannot be used`
    if (error === null) wellAt = performance.now()
    const before = plane.state
    plane = { state, reason }
    if (state !== before && !tells) {
      onNotice({ kind: 'store-condition', part, state, reason, error })
    }
    return plane
  }

  return {
    async look(anew) {
      const isTrusted = plane.state === 'ok' && performance.now() - wellAt < trustedMs
      if (isTrusted && !anew && looking === null) return plane
      looking ??= look().finally(() => {
        looking = null
      })
      return looking
    },
    worked() {
      wellAt = performance.now()
    },
  }
}

/** A look took too long. */
class NoAnswer extends Error {}

/** What a check throws, or that it takes too long; null where all is well. */
async function failureOf(check: () => Promise<void>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new NoAnswer(`no answer in ${checkMs} ms`)), checkMs)
  })
  try {
    return await Promise.race([check().then(() => null), late])
  } catch (error) {
    return error
  } finally {
    clearTimeout(timer)
  }
}
