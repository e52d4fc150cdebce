/** Sessions that were ended before their time, in this process. */
export interface EndedSessions {
  /** Ends a session. @param until when the last cookie of it would end anyway */
  end(id: string, until: number): void
  has(id: string): boolean
  /** Calls `stop` when the session ends. The function that is returned takes that back. */
  whenEnded(id: string, stop: () => void): () => void
}

/** Sessions that are remembered at once; the oldest go first. */
const most = 65_536

/**
 * Makes a list of sessions that have logged out. A sealed cookie is good until its time is over, so a copy of it that
 * somebody made would outlive the logout: here it does not. Other processes do not know of it; a changed password
 * ends a session everywhere.
 */
export function endedSessions(clock: () => number): EndedSessions {
  const ended: Map<string, number> = new Map()
  const watchers: Map<string, Set<() => void>> = new Map()

  return {
    end(id, until) {
      const now = clock()
      // The oldest stand first.
      for (const [old, over] of ended) {
        if (over > now && ended.size < most) break
        ended.delete(old)
      }
      ended.set(id, until)
      for (const stop of watchers.get(id) ?? []) stop()
      watchers.delete(id)
    },

    has: (id) => ended.has(id),

    whenEnded(id, stop) {
      const stops = watchers.get(id) ?? new Set()
      watchers.set(id, stops.add(stop))
      return () => {
        stops.delete(stop)
        if (stops.size === 0 && watchers.get(id) === stops) watchers.delete(id)
      }
    },
  }
}
