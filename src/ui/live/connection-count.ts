/** How many streams are open at once: of all callers, and of each. */
export interface ConnectionCount {
  /** Takes a place; null where there is none. What is returned gives it back. */
  take(owner: string | null): (() => void) | null
  readonly open: number
}

/**
 * Counts open streams.
 *
 * @param most of all callers together
 * @param mostOfOne of one caller. Callers that cannot be told apart count as one
 */
export function connectionCount(most: number, mostOfOne: number): ConnectionCount {
  const byOwner: Map<string, number> = new Map()
  let open = 0
  return {
    get open() {
      return open
    },
    take(owner) {
      const key = owner ?? ''
      const own = byOwner.get(key) ?? 0
      if (open >= most || own >= mostOfOne) return null
      open++
      byOwner.set(key, own + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        open--
        const left = (byOwner.get(key) ?? 1) - 1
        if (left === 0) byOwner.delete(key)
        else byOwner.set(key, left)
      }
    },
  }
}
