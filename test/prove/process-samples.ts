import { readdirSync } from 'node:fs'

/** A figure at a time. */
export interface Sample {
  /** Since the first one, in milliseconds. */
  readonly at: number
  readonly value: number
}

/** How many files, folders and sockets a process has open. Linux alone tells. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** How fast a figure grows, in units an hour, and how far that may be off. */
export interface Slope {
  readonly perHour: number
  /** 95 of 100 times the truth is no further away. */
  readonly uncertainty: number
}

const parts = 10
/** Student's t for 95 of 100 times and `parts - 2` degrees of freedom. */
const quantile = 2.306

/**
 * The line through the means of each tenth. One sample follows from the one before, tenths hardly do: that is what an
 * uncertainty supposes.
 */
export function slopeOf(samples: readonly Sample[]): Slope {
  const points = tenthsOf(samples).map(
    (tenth) =>
      [mean(tenth.map(({ at }) => at / 3_600_000)), mean(tenth.map((one) => one.value))] as const,
  )
  const [hours, values] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [x]) => sum + (x - hours) ** 2, 0)
  const perHour = points.reduce((sum, [x, y]) => sum + (x - hours) * (y - values), 0) / spread
  const left = points.reduce((sum, [x, y]) => sum + (y - values - perHour * (x - hours)) ** 2, 0)
  return { perHour, uncertainty: quantile * Math.sqrt(left / (points.length - 2) / spread) }
}

/** The mean of each tenth, in order. */
export function meansOf(samples: readonly Sample[]): readonly number[] {
  return tenthsOf(samples).map((tenth) => mean(tenth.map(({ value }) => value)))
}

function tenthsOf(samples: readonly Sample[]): ReadonlyArray<readonly Sample[]> {
  return Array.from({ length: parts }, (_, part) =>
    samples.slice(
      Math.floor((part * samples.length) / parts),
      Math.floor(((part + 1) * samples.length) / parts),
    ),
  ).filter((tenth) => tenth.length > 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
