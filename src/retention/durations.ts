import { type Findings, type Found, quoted, readText } from '../access/policy/findings.ts'

const units: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 7 * 86_400_000],
])

/** Ten thousand years: no time is longer, and every sum of two is exact. */
const longest = 10_000 * 365 * 86_400_000

/** Reads a time such as `30d`, in milliseconds; null, and a problem, where it is none. */
export function readDuration(found: Found<unknown>, findings: Findings): number | null {
  const { value, path } = found
  if (typeof value === 'number') {
    findings.problem(path, `is a number without a unit: write "${value}d" for days`)
    return null
  }
  const text = readText(found, findings)
  if (text === null) return null
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text) ?? []
  const ms = Number(digits) * (units.get(unit) ?? Number.NaN)
  if (!(ms > 0) || ms > longest) {
    findings.problem(path, `${quoted(text)} is not a time such as 12h, 30d or 8w`)
    return null
  }
  return Math.ceil(ms)
}

/** A time for a person: `30 days`, `1 hour`. */
export function durationText(ms: number): string {
  const [size, unit] =
    ms < 60_000
      ? [1000, 'second']
      : ms < 3_600_000
        ? [60_000, 'minute']
        : ms < 2 * 86_400_000
          ? [3_600_000, 'hour']
          : [86_400_000, 'day']
  const count = Math.round((ms / size) * 10) / 10
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
