// Every scenario on every server, round after round.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure } from './cell.mjs'
import { start } from './start.mjs'

/** @import { Figures, Measured, RunningServer, Server, TableScenario, Variant } from './types.ts' */

/**
 * @typedef {object} Plan
 * @property {readonly Server[]} servers
 * @property {readonly TableScenario[]} scenarios
 * @property {'quick' | 'full'} size
 * @property {number} rounds
 * @property {string} folder where they keep things
 * @property {(line: string) => void} progress
 * @property {Readonly<Record<string, string>>} [storage] for each server a filled folder, in place of an
 *   empty one for each round
 * @property {typeof start} [start] how a server is started, where that takes more than its command
 */

/**
 * @typedef {object} Rounds
 * @property {Record<string, Figures[]>} idle for each server, one entry a round
 * @property {Record<string, Record<string, Measured[]>>} cells for each scenario and server, one entry a round
 */

/**
 * Whether a scenario is measured on a server.
 * @param {Pick<TableScenario, 'variant' | 'bare'>} scenario
 * @param {Pick<Server, 'kind' | 'variants'>} server
 */
export function takesPart({ variant, bare = false }, { kind, variants }) {
  return (bare || kind !== 'bare') && (variant === undefined || variants[variant] !== undefined)
}

/**
 * Starts all servers again for each round, lets them take turns on every scenario, and ends them.
 * @param {Plan} plan
 * @returns {Promise<Rounds>}
 */
export async function runRounds(plan) {
  /** @type {Rounds} */
  const rounds = { idle: {}, cells: {} }
  for (let round = 0; round < plan.rounds; round++) await runRound(plan, round, rounds)
  return rounds
}

/**
 * @param {Plan} plan
 * @param {number} round
 * @param {Rounds} rounds what was measured is added there
 */
async function runRound(plan, round, { idle, cells }) {
  /** @type {Map<string, RunningServer>} */
  const running = new Map()
  try {
    for (const server of plan.servers) {
      for (const variant of variantsOf(plan.scenarios, server)) {
        const key = keyOf(server, variant)
        const storage = plan.storage?.[server.name]
        const starting = {
          ...(variant === undefined ? {} : { variant }),
          ...(storage === undefined ? {} : { storage }),
        }
        const begin = plan.start ?? start
        const started = await begin(server, join(plan.folder, `${round} ${key}`), starting)
        running.set(key, started)
        if (variant === undefined) listIn(idle, server.name).push(started.idle)
      }
    }
    for (const scenario of plan.scenarios) {
      const servers = plan.servers.filter((server) => takesPart(scenario, server))
      // The first server finds the machine as the last scenario left it, so the order turns.
      const first = servers.length === 0 ? 0 : round % servers.length
      for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
        const target = running.get(keyOf(server, scenario.variant))
        if (target === undefined) continue
        const measured = await measure(scenario, scenario.sizes[plan.size], target)
        cells[scenario.id] ??= {}
        listIn(cells[scenario.id] ?? {}, server.name).push(measured)
        const result = measured.failed ?? `${Math.round(measured.rate ?? 0)} ${scenario.unit}`
        plan.progress(`round ${round + 1}, ${scenario.id}, ${server.name}: ${result}`)
      }
    }
  } finally {
    for (const server of running.values()) {
      await server.stop()
      rmSync(server.dir, { recursive: true, force: true })
    }
  }
}

/**
 * How a server has to be started for these scenarios: `undefined` is the usual way.
 * @param {readonly TableScenario[]} scenarios
 * @param {Server} server
 * @returns {Set<Variant | undefined>}
 */
function variantsOf(scenarios, server) {
  const parts = scenarios.filter((scenario) => takesPart(scenario, server))
  return new Set([undefined, ...parts.map(({ variant }) => variant)])
}

/**
 * @param {Server} server
 * @param {Variant | undefined} variant
 */
function keyOf({ name }, variant) {
  return variant === undefined ? name : `${name}, ${variant}`
}

/**
 * @template T
 * @param {Record<string, T[]>} lists
 * @param {string} name
 * @returns {T[]}
 */
function listIn(lists, name) {
  lists[name] ??= []
  return lists[name]
}
