// The arithmetic of the tables. Pure.

/** The middle value; of an even count the mean of the middle two; null of nothing. */
export function median(values) {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The smallest value that at least the share `p` (0 to 1) of the values do not exceed; null of nothing. */
export function percentile(values, p) {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]
}

/**
 * One road on one server out of its rounds: the median of every figure, or the first failure. A
 * figure that some round could not take is the median of those that could.
 */
export function summarise(rounds) {
  const failure = rounds.find((round) => round.failed !== undefined)
  if (failure !== undefined) return { failed: failure.failed }
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))]
  return Object.fromEntries(
    names.map((name) => {
      const taken = rounds.map((round) => round[name]).filter((value) => Number.isFinite(value))
      return [name, median(taken)]
    }),
  )
}

/**
 * How many times faster one server was than another: the median of the rounds' own ratios, since
 * what disturbs the machine in one round disturbs both. Null where either failed.
 */
export function ratio(rounds, otherRounds) {
  const ratios = rounds.flatMap((round, at) => {
    const other = otherRounds[at]
    return round.rate > 0 && other?.rate > 0 ? [round.rate / other.rate] : []
  })
  return ratios.length === rounds.length ? median(ratios) : null
}
