import type { NoticeSink } from '../../../src/index.ts'
import { type Plane, type Planes, planesLooker } from '../health.ts'

/** A store that may be away. */
export interface WatchedStore {
  /** What it is called where everybody may read it: `the database`. */
  readonly name: string
  /** Whether it gives notice itself when its condition changes. Default: no. */
  readonly tells?: boolean
  /** @throws Error that says why the store cannot be used now. */
  check(): Promise<void>
}

/** What is known of stores that are elsewhere. */
export interface StoreWatch {
  /** Looks at them, cheap when called often and never for long. Never rejects. */
  look(): Promise<Planes>
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
  const look = planesLooker(async () => {
    const [names, bytes] = await Promise.all([metadata(), blobs()])
    return { metadata: names, blobs: bytes, uploads: names.state === 'ok' ? bytes : names }
  })
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return {
    look,
    close: () => clearInterval(timer),
  }
}

function watched(
  part: 'metadata' | 'blobs',
  { name, tells = false, check }: WatchedStore,
  onNotice: NoticeSink,
): () => Promise<Plane> {
  let before = 'ok'
  return async () => {
    const error = await failureOf(check)
    const state = error === null ? 'ok' : 'unavailable'
    const reason = error === null ? null : `${name} cannot be used`
    if (state !== before && !tells) {
      onNotice({ kind: 'store-condition', part, state, reason, error })
    }
    before = state
    return { state, reason }
  }
}

/** What a check throws, or that it takes too long; null where all is well. */
async function failureOf(check: () => Promise<void>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`no answer in ${checkMs} ms`)), checkMs)
  })
  try {
    return await Promise.race([check().then(() => null), late])
  } catch (error) {
    return error
  } finally {
    clearTimeout(timer)
  }
}
