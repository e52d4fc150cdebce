/** How long, or how large, things were: a count for each bucket, and no value is kept. */
export class Histogram {
  /** The largest value of each bucket; one more is for what is beyond. */
  readonly bounds: readonly number[]
  /** How many values each bucket has. */
  readonly counts: Float64Array
  /** All values together. */
  sum = 0

  constructor(bounds: readonly number[] = durationBounds) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  /** Adds a value. For hot paths: it makes no object. */
  add(value: number): void {
    const { bounds, counts } = this
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] as number)) high = middle
      else low = middle + 1
    }
    counts[low] = (counts[low] as number) + 1
    this.sum += value
  }

  /** Adds the time since `began`, of `performance.now()`, in seconds. */
  addSince(began: number): void {
    this.add((performance.now() - began) / 1000)
  }
}

/** Bounds for the work of a store, in seconds. */
export const durationBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** Bounds for work beside the requests, in seconds. */
export const longBounds: readonly number[] = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 7200]
