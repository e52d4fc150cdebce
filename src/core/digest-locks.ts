import type { Digest } from '../oci/digest.ts'

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

  /**
   * Calls `take` with the lock once nobody excludes, in the very step that found it so: were the
   * lock handed over through a promise, others could take it in between.
   */
  async function enter(digest: Digest, take: (lock: Lock) => void): Promise<Lock> {
    let lock = locks.get(digest)
    while (lock !== undefined && lock.excluder !== null) {
      await lock.excluder
      lock = locks.get(digest)
    }
    if (lock === undefined) {
      lock = { sharers: 0, excluder: null, idle: null }
      locks.set(digest, lock)
    }
    take(lock)
    return lock
  }

  function leave(digest: Digest, lock: Lock): void {
    if (lock.sharers > 0) return
    lock.idle?.()
    if (lock.excluder === null) locks.delete(digest)
  }

  return {
    async share(digest, work) {
      const lock = await enter(digest, (free) => {
        free.sharers += 1
      })
      try {
        return await work()
      } finally {
        lock.sharers -= 1
        leave(digest, lock)
      }
    },
    async exclude(digest, work) {
      let done = (): void => {}
      const ended = new Promise<void>((resolve) => {
        done = resolve
      })
      const lock = await enter(digest, (free) => {
        free.excluder = ended
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
