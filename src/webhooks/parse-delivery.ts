import { type Findings, type Found, quoted } from '../access/policy/findings.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Reads how long a receiver has for an answer, in milliseconds. */
export function parseTimeout(found: Found<unknown> | undefined, findings: Findings): number {
  if (found === undefined) return 10_000
  const [, digits = '', unit = ''] =
    typeof found.value === 'string' ? (/^(\d+)(ms|s|m)$/.exec(found.value) ?? []) : []
  const ms = Number(digits) * (units[unit] ?? 0)
  if (ms >= 100 && ms <= 60_000) return ms
  findings.problem(
    found.path,
    `${quoted(found.value)} is not a time from 100ms to 60s, such as 10s`,
  )
  return 0
}

/** Reads how many requests to a receiver may be under way. */
export function parseConcurrency(found: Found<unknown> | undefined, findings: Findings): number {
  if (found === undefined) return 4
  const { value, path } = found
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 32)
    return value
  findings.problem(path, `${quoted(value)} is not a number from 1 to 32`)
  return 1
}

/** Reads a switch that is off where nothing is said. */
export function parseFlag(found: Found<unknown> | undefined, findings: Findings): boolean {
  if (found === undefined || found.value === false) return false
  if (found.value !== true) {
    findings.problem(found.path, `${quoted(found.value)} is neither true nor false`)
  }
  return true
}
