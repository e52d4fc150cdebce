import type { Pause } from '../copy/patience.ts'

/** The longest pause at once, in milliseconds: timers take no more than some weeks. */
const longestPauseMs = 60 * 60 * 1000
/** What a digest costs beside its bytes, as if it had so many more: it is found, opened and closed. */
export const digestCost: number = 16 * 1024

/** How much work digests and their bytes are, as a number of bytes. */
export function workOf({
  digests,
  bytes,
}: {
  readonly digests: number
  readonly bytes: number
}): number {
  return digests * digestCost + bytes
}

/** Spreads work evenly over a time: what is due later waits, and what is late does not. */
export class Spread {
  readonly #startedAt: number
  readonly #ms: number
  readonly #total: number
  readonly #clock: () => number
  readonly #pause: Pause

  /**
   * @param startedAt by the clock, in milliseconds
   * @param ms how long all of the work may take; 0 for no waiting
   * @param total of the work
   */
  constructor(startedAt: number, ms: number, total: number, clock: () => number, pause: Pause) {
    this.#startedAt = startedAt
    this.#ms = ms
    this.#total = total
    this.#clock = clock
    this.#pause = pause
  }

  /** Waits until so much of the work should be done. */
  async until(done: number): Promise<void> {
    if (this.#ms === 0 || this.#total === 0) return
    const due = this.#startedAt + this.#ms * Math.min(done / this.#total, 1)
    for (let left = due - this.#clock(); left > 0; left = due - this.#clock()) {
      await this.#pause(Math.min(left, longestPauseMs))
    }
  }
}
