/** Time and chance, so that a test can have its own. */
export interface Timing {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, after so many milliseconds. What is returned ends that. */
  after(ms: number, callback: () => void): () => void
  /** From 0 to 1. */
  random(): number
}

/** A timer takes no longer time. */
const longestMs = 2 ** 31 - 1

/** Those of the runtime. No timer of it keeps a process alive. */
export const realTiming: Timing = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer: unknown = setTimeout(callback, Math.min(ms, longestMs))
    // Node, Bun and Deno have it; elsewhere a timer is a number.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) {
      ;(timer as { unref(): void }).unref()
    }
    return () => clearTimeout(timer as number)
  },
  random: () => Math.random(),
}
