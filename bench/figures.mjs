// The arithmetic of the tables. Pure.

/** @import { Measured } from './types.ts' */

/**
 * The middle value; for an even count the mean of the middle two; null for an empty list.
 * @param {readonly number[]} values
 * @returns {number | null}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) return null
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/**
 * The smallest value that at least the share `p` (0 to 1) of the values do not exceed; null for an
 * empty list.
 * @param {readonly number[]} values
 * @param {number} p
 * @returns {number | null}
 */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null
}

/**
 * One scenario on one server, summed up over its rounds: the median of each figure, or the first
 * failure. Rounds in which a figure could not be taken do not count for it.
 * @param {readonly Measured[]} rounds
 * @returns {Measured}
 */
export function summarise(rounds) {
  /** @type {Record<string, number[]>} */
  const taken = {}
  for (const round of rounds) {
    if (round.failed !== undefined) return { failed: round.failed }
    for (const [name, value] of Object.entries(round)) {
      taken[name] ??= []
      if (Number.isFinite(value)) taken[name].push(value)
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, values]) => [name, median(values)]))
}

/**
 * How many times faster one server is than another: the median of each round's own ratio, because
 * a disturbance of the machine in one round disturbs both. Null where either failed.
 * @param {readonly Measured[]} rounds
 * @param {readonly Measured[]} otherRounds
 * @returns {number | null}
 */
export function ratio(rounds, otherRounds) {
  const ratios = rounds.flatMap((round, at) => {
    const own = rateOf(round)
    const other = rateOf(otherRounds[at])
    return own > 0 && other > 0 ? [own / other] : []
  })
  return ratios.length === rounds.length ? median(ratios) : null
}

/** @param {Measured | undefined} round */
function rateOf(round) {
  return round?.failed === undefined ? (round?.rate ?? 0) : 0
}
