import type { Digest } from '../spec/digest.ts'

/** Pushes of one digest share it; the collection of its bytes excludes them. */
export interface DigestLocks {
  /** Runs beside other sharers; waits for an excluder. */
  share<T>(digest: Digest, work: () => Promise<T>): Promise<T>
  /** Runs alone. */
  exclude<T>(digest: Digest, work: () => Promise<T>): Promise<T>
}

interface Lock {
  sharers: number
  /** Resolves when the excluder is done; null while nobody excludes. */
  excluder: Promise<void> | null
  /** Called when the last sharer leaves. */
  idle: (() => void) | null
}

/**
 * Keeps "the bytes are committed" and "a name points at them" together against a collection that
 * would delete the bytes in between.
 */
export function digestLocks(): DigestLocks {
  const locks: Map<Digest, Lock> = new Map()

  async function enter(digest: Digest): Promise<Lock> {
    for (;;) {
      const lock = locks.get(digest)
      if (lock === undefined) {
        const fresh: Lock = { sharers: 0, excluder: null, idle: null }
        locks.set(digest, fresh)
        return fresh
      }
      if (lock.excluder === null) return lock
      await lock.excluder
    }
  }

  function leave(digest: Digest, lock: Lock): void {
    if (lock.sharers > 0) return
    lock.idle?.()
    if (lock.excluder === null) locks.delete(digest)
  }

  return {
    async share(digest, work) {
      const lock = await enter(digest)
      lock.sharers += 1
      try {
        return await work()
      } finally {
        lock.sharers -= 1
        leave(digest, lock)
      }
    },
    async exclude(digest, work) {
      const lock = await enter(digest)
      let done = (): void => {}
      lock.excluder = new Promise((resolve) => {
        done = resolve
      })
      if (lock.sharers > 0) {
        await new Promise<void>((resolve) => {
          lock.idle = resolve
        })
      }
      try {
        return await work()
      } finally {
        locks.delete(digest)
        done()
      }
    },
  }
}
