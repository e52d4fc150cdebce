import type { Reading } from './metric-set.ts'

/** Counts by the value of one label. Beyond a number of values, the rest count together. */
export class Tally {
  readonly #label: string
  readonly #most: number
  readonly #counts: Map<string, number> = new Map()

  /**
   * @param most values that are counted by themselves: for values that clients choose, so that they cannot make
   *   memory grow
   */
  constructor(label: string, most: number = 100) {
    this.#label = label
    this.#most = most
  }

  add(value: string, count: number = 1): void {
    const counts = this.#counts
    const before = counts.get(value)
    if (before !== undefined) counts.set(value, before + count)
    else if (counts.size < this.#most) counts.set(value, count)
    else counts.set(rest, (counts.get(rest) ?? 0) + count)
  }

  /** The counts for a page of metrics. */
  read(): Reading {
    const label = this.#label
    return [...this.#counts].map(([name, value]) => ({ labels: { [label]: name }, value }))
  }
}

/** What stands for the values beyond the limit. */
export const rest = 'other'
