// Whether operations became dearer than the baseline says. Pure.

/** @import { Cost } from './guard-measure.mjs' */

/** How much dearer an operation may be than its baseline. */
export const limit = 1.3

/** How many processors other programs may take, on average, while a try is held against an operation. */
const quietLimit = 0.25

/**
 * Whether so many processors for other programs make pushes dearer by themselves: who waits for a processor has
 * fewer changes to write together, and finds its caches gone.
 * @param {number} others
 */
export function isBusy(others) {
  return others > quietLimit
}

/**
 * The costs of one runtime, by operation, in the units of guard-measure.mjs.
 * @typedef {object} RuntimeBaseline
 * @property {string} version of the runtime
 * @property {Record<string, Cost>} cpu
 * @property {Record<string, Cost>} allocated
 */

/**
 * @typedef {object} Baseline
 * @property {string} written when, and on which machine
 * @property {Record<string, RuntimeBaseline>} runtimes
 */

/**
 * One try after another, the lowest cost of each operation: a disturbance makes a try dearer, never cheaper.
 * @param {ReadonlyMap<string, Cost>} costs
 * @param {ReadonlyMap<string, Cost>} others
 * @returns {Map<string, Cost>}
 */
export function lowest(costs, others) {
  const all = new Map(costs)
  for (const [name, cost] of others) {
    const known = all.get(name)
    if (known === undefined || cost.units < known.units) all.set(name, cost)
  }
  return all
}

/**
 * The operations that cost more than `limit` times their baseline. One without a baseline is none of them.
 * @param {ReadonlyMap<string, Cost>} costs
 * @param {Readonly<Record<string, Cost>>} baseline
 * @returns {string[]}
 */
export function dearer(costs, baseline) {
  return [...costs].flatMap(([name, { units }]) =>
    units > limit * (baseline[name]?.units ?? Infinity) ? [name] : [],
  )
}

/**
 * Whether a baseline of one version of a runtime says anything about another version.
 * @param {string} version
 * @param {string} other
 */
export function isComparable(version, other) {
  return version.split('.', 1)[0] === other.split('.', 1)[0]
}

/**
 * A cost beside its baseline, as a line.
 * @param {string} name
 * @param {Cost} cost
 * @param {Cost | undefined} base
 * @param {string} unit of the cost's own figure
 */
export function costLine(name, { units, own }, base, unit) {
  const figure = `${name}: ${units.toFixed(2)} bare GETs (${own.toFixed(own < 100 ? 1 : 0)} ${unit})`
  if (base === undefined) return `${figure}, and the baseline does not have it`
  const times = units / base.units
  const verdict = times > limit ? `, over the limit of ${limit}` : ''
  return `${figure}, ${times.toFixed(2)} of the baseline${verdict}`
}
