// What Layerdock aims at, as ratios within one run, and how far it is. Pure.

import { median, summarise } from './figures.mjs'

/** @import { Measured, Run } from './types.ts' */
/** @typedef {'rate' | 'cpuMicrosPerOperation'} Compared */

/**
 * @typedef {object} Goal
 * @property {string} scenario
 * @property {Compared} figure
 * @property {'best' | 'best that syncs' | 'ferro' | 'bare' | 'manifest-get'} against another server in the
 *   same scenario, or the same server in another scenario
 * @property {Readonly<Record<string, number>>} limits for each runtime: rates at least, CPU at most
 */

/**
 * @param {string} scenario
 * @param {Compared} figure
 * @param {Goal['against']} against
 * @param {number} node
 * @param {number} bun
 * @param {number} deno
 * @returns {Goal}
 */
function goal(scenario, figure, against, node, bun, deno) {
  return { scenario, figure, against, limits: { node, bun, deno } }
}

const reads = ['manifest-get', 'manifest-head', 'small-blob-get']
const cpu = 'cpuMicrosPerOperation'

/** @type {readonly Goal[]} */
export const goals = [
  ...reads.flatMap((id) => [
    goal(id, cpu, 'ferro', 1.6, 1, 1.8),
    goal(id, cpu, 'bare', 1.35, 1.35, 1.5),
  ]),
  goal('manifest-get-log', cpu, 'manifest-get', 1.2, 1.2, 1.2),
  goal('manifest-get-log', 'rate', 'manifest-get', 0.9, 0.9, 0.9),
  goal('small-blob-push', 'rate', 'best', 1.5, 1.5, 1.5),
  goal('small-blob-push', cpu, 'best', 0.6, 0.6, 0.6),
  goal('manifest-push', 'rate', 'best', 10, 10, 10),
  goal('whole-image', 'rate', 'best', 1.2, 1.5, 1.2),
  goal('whole-image', cpu, 'best', 1, 1, 1),
  ...['push-length', 'push-chunked'].flatMap((id) => [
    goal(id, 'rate', 'best that syncs', 1.2, 1.2, 1),
    goal(id, 'rate', 'best', 1, 1, 0),
  ]),
  goal('push-four', 'rate', 'best that syncs', 1, 1, 1),
  goal('pull-one', 'rate', 'best', 1, 1, 0.85),
  goal('pull-eight', 'rate', 'best', 1, 1, 0.85),
  goal('tags-page', 'rate', 'best', 3, 3, 3),
  goal('catalog-page', 'rate', 'best', 3, 3, 3),
  goal('referrers-page', 'rate', 'best', 3, 3, 3),
]

/** Aims in milliseconds and megabytes (10^6 bytes): at most. */
export const idleGoals = {
  bootMs: { node: 150, bun: 60, deno: 60 },
  megabytes: { node: 60, bun: 45, deno: 45 },
  largeBootMs: { node: 1000, bun: 1000, deno: 1000 },
}

/**
 * @typedef {object} Standing how a goal stands on one runtime
 * @property {number} ratio
 * @property {string} beside what it is a ratio to
 * @property {boolean} met
 */

/**
 * How a goal stands on one runtime, by the median of the rounds' own ratios. Null where this run does not
 * tell, or the goal asks nothing of the runtime.
 * @param {Goal} goal
 * @param {string} runtime
 * @param {Run} run
 * @returns {Standing | null}
 */
export function standing({ scenario, figure, against, limits }, runtime, run) {
  const own = run.servers.find(
    (server) => server.kind === 'layerdock' && server.runtime === runtime,
  )
  const limit = limits[runtime] ?? 0
  if (own === undefined || limit === 0) return null
  const cell = run.cells[scenario] ?? {}
  const ownRounds = cell[own.name] ?? []
  const beside =
    against === 'manifest-get' ? 'manifest-get' : otherServer(run, cell, figure, against, runtime)
  const otherRounds =
    against === 'manifest-get' ? (run.cells[against]?.[own.name] ?? []) : (cell[beside ?? ''] ?? [])
  const ratio = median(
    ownRounds.flatMap((round, at) => {
      const value = figureOf(round, figure)
      const other = figureOf(otherRounds[at], figure)
      return value > 0 && other > 0 ? [value / other] : []
    }),
  )
  if (ratio === null || beside === null) return null
  return { ratio, beside, met: figure === 'rate' ? ratio >= limit : ratio <= limit }
}

/**
 * The server to compare with: among peers the one whose figure is the best.
 * @param {Run} run
 * @param {Readonly<Record<string, readonly Measured[]>>} cell
 * @param {Compared} figure
 * @param {Goal['against']} against
 * @param {string} runtime
 * @returns {string | null}
 */
function otherServer(run, cell, figure, against, runtime) {
  if (against === 'bare') {
    const bare = run.servers.find((server) => server.kind === 'bare' && server.runtime === runtime)
    return bare?.name ?? null
  }
  const peers = run.servers.filter(
    ({ kind, name, syncs }) =>
      kind === 'peer' &&
      (against !== 'best that syncs' || syncs === 'files') &&
      (against !== 'ferro' || name.startsWith('ferro')),
  )
  const [best] = peers
    .map(({ name }) => ({ name, value: figureOf(summarise(cell[name] ?? []), figure) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => (figure === 'rate' ? b.value - a.value : a.value - b.value))
  return best?.name ?? null
}

/**
 * @param {Measured | undefined} measured
 * @param {Compared} figure
 */
function figureOf(measured, figure) {
  return measured === undefined || measured.failed !== undefined ? 0 : (measured[figure] ?? 0)
}
