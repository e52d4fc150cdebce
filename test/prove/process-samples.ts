import { readdirSync, readFileSync } from 'node:fs'

/** What a process takes at a time. */
export interface Sample {
  /** Since the first one, in milliseconds. */
  readonly at: number
  /** Resident memory, in MiB. */
  readonly mib: number
  readonly descriptors: number
}

/** What a process takes now. Linux alone tells. */
export function sampleOf(pid: number, began: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1])
  const descriptors = readdirSync(`/proc/${pid}/fd`).length
  return { at: performance.now() - began, mib: kib / 1024, descriptors }
}

/** How fast a figure grows, in units an hour, and how far that may be off: twice the standard error. */
export interface Slope {
  readonly perHour: number
  readonly uncertainty: number
}

/** The line through the least of each tenth of the samples: what stays once garbage was collected. */
export function slopeOf(samples: readonly Sample[]): Slope {
  const points = floorsOf(samples).map(({ at, mib }) => [at / 3_600_000, mib] as const)
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const [hours, mibs] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [x]) => sum + (x - hours) ** 2, 0)
  const perHour = points.reduce((sum, [x, y]) => sum + (x - hours) * (y - mibs), 0) / spread
  const left = points.reduce((sum, [x, y]) => sum + (y - mibs - perHour * (x - hours)) ** 2, 0)
  return { perHour, uncertainty: 2 * Math.sqrt(left / (points.length - 2) / spread) }
}

/** The sample with the least memory of each tenth of them, in order. */
export function floorsOf(samples: readonly Sample[]): readonly Sample[] {
  const parts = 10
  return Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * samples.length) / parts)
    const to = Math.floor(((part + 1) * samples.length) / parts)
    return samples
      .slice(from, to)
      .reduce((least, sample) => (sample.mib < least.mib ? sample : least), {
        at: 0,
        mib: Number.POSITIVE_INFINITY,
        descriptors: 0,
      })
  }).filter(({ mib }) => mib < Number.POSITIVE_INFINITY)
}
