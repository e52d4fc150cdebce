// The committed costs: reading and writing them.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { median } from './figures.mjs'
import { measureCosts } from './guard-measure.mjs'
import { isMeasured, newFolder, parts } from './guard-parts.mjs'
import { costLine } from './guard-verdict.mjs'
import { describeMachine } from './machine.mjs'
import { runtimeVersion } from './servers.mjs'

/** @import { Cost } from './guard-measure.mjs' */
/** @import { Baseline, RuntimeBaseline } from './guard-verdict.mjs' */

const file = fileURLToPath(new URL('./baseline.json', import.meta.url))

/** How many processes of each runtime a baseline is the median of. */
export const writes = 3

/**
 * Measures, says what changed, and writes the baseline; what is not measured stays as it was.
 * @param {readonly string[]} runtimes
 * @param {{ names: readonly string[], dir: string | undefined }} options
 */
export async function writeBaseline(runtimes, { names, dir }) {
  const known = readBaseline()?.runtimes ?? {}
  /** @type {Record<string, RuntimeBaseline>} */
  const written = {}
  for (const runtime of runtimes) {
    const before = known[runtime]
    const own = { version: runtimeVersion(runtime), cpu: {}, allocated: {} }
    written[runtime] = own
    for (const of of parts) {
      if (!isMeasured(runtime, of)) continue
      const { part, title, unit, meter } = of
      /** @type {Map<string, Cost>[]} */
      const rounds = []
      for (let round = 0; round < writes; round++) {
        const plan = { folder: newFolder(dir), until: Infinity }
        rounds.push(await measureCosts(runtime, names, meter, plan))
      }
      const costs = middle(rounds)
      own[part] = { ...before?.[part], ...Object.fromEntries(costs) }
      print(`${runtime} ${own.version}, ${title}:`)
      for (const [name, cost] of costs) {
        print(`  ${costLine(name, cost, before?.[part][name], unit)}`)
      }
    }
  }
  const date = new Date().toISOString().slice(0, 10)
  const baseline = {
    written: `${date}, ${describeMachine()}`,
    runtimes: { ...known, ...written },
  }
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`)
}

/**
 * The median of each operation's costs.
 * @param {readonly ReadonlyMap<string, Cost>[]} rounds
 * @returns {Map<string, Cost>}
 */
function middle(rounds) {
  const names = new Set(rounds.flatMap((costs) => [...costs.keys()]))
  const rounded = (/** @type {number[]} */ values) => Number((median(values) ?? 0).toPrecision(3))
  return new Map(
    [...names].map((name) => {
      const costs = rounds.flatMap((round) => round.get(name) ?? [])
      const units = rounded(costs.map((cost) => cost.units))
      return [name, { units, own: rounded(costs.map((cost) => cost.own)) }]
    }),
  )
}

/** @returns {Baseline | null} */
export function readBaseline() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`)
}
