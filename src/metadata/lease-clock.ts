import type { Moment } from './batch.ts'

/** The clocks of a store. */
export interface Clocks {
  /** For people, in milliseconds since the epoch. Default: `steadyClock`. */
  readonly clock?: () => number
  /**
   * Milliseconds from any start, never going back. Leases are held against it, so that no jump of a
   * clock ends one early. Default: `performance.now`.
   */
  readonly elapsed?: () => number
}

/**
 * The store's own time: milliseconds it was open, in this process and those before. So a lease that
 * began before a restart ends as late after it as it would have without.
 */
export class LeaseClock {
  readonly #clock: () => number
  readonly #elapsed: () => number
  readonly #base: number

  /** @param before how long the store was open before */
  constructor(before: number, clock: () => number, elapsed: () => number) {
    this.#clock = clock
    this.#elapsed = elapsed
    this.#base = before - elapsed()
  }

  moment(): Moment {
    return { time: Math.floor(this.#clock()), now: Math.floor(this.#base + this.#elapsed()) }
  }
}
