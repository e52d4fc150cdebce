// Servers beside each other, measured in turns: what one costs compared with another, in CPU for each operation.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { flushDisk } from './cell.mjs'
import { median } from './figures.mjs'
import { startLoad } from './load.mjs'
import { cpuMicros, peakBytes } from './process-usage.mjs'
import { number, textTable } from './report.mjs'
import { start } from './start.mjs'

/** @import { Load } from './load.mjs' */
/** @import { RunningServer, Server, TableScenario } from './types.ts' */

/**
 * @typedef {object} Sample the medians of one process
 * @property {number} cpu microseconds for each operation
 * @property {number} rate
 * @property {number} peak bytes
 * @property {readonly number[]} cpus of each epoch
 * @property {readonly number[]} rates of each epoch
 */

/**
 * One process of each build, all alive at once. They take turns in a random order, so that a
 * disturbance of the machine meets each of them alike.
 * @param {TableScenario} scenario
 * @param {readonly Server[]} builds
 * @param {{ epochs: number, seconds: number, warmUp: number }} plan
 * @param {string} folder
 * @returns {Promise<Sample[]>}
 */
export async function measureInTurns(scenario, builds, { epochs, seconds, warmUp }, folder) {
  /** @type {{ index: number, server: RunningServer, load: Load, cpu: number[], rate: number[] }[]} */
  const running = []
  try {
    for (const [index, build] of shuffled([...builds.entries()])) {
      const { variant } = scenario
      const starting = variant === undefined ? {} : { variant }
      const server = await start(build, join(folder, `${index}`), starting)
      const load = startLoad(600_000)
      running.push({ index, server, load, cpu: [], rate: [] })
      const size = { ...scenario.sizes.quick, seconds, warmUp }
      await load.ask({ step: 'prepare', scenario: scenario.id, port: server.port, size })
    }
    await flushDisk()
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { server, load, cpu, rate } of shuffled(running)) {
        const before = cpuMicros(server.pid)
        const figures = await load.ask({ step: 'run' })
        const after = cpuMicros(server.pid)
        if (before === null || after === null) throw new Error('CPU is only counted on Linux')
        cpu.push((after - before) / (figures.operations ?? 0))
        rate.push(figures.rate ?? 0)
      }
    }
    for (const { load } of running) await load.ask({ step: 'check' })
    return running
      .sort((a, b) => a.index - b.index)
      .map(({ server, cpu, rate }) => ({
        cpu: median(cpu) ?? 0,
        rate: median(rate) ?? 0,
        peak: peakBytes(server.pid) ?? 0,
        cpus: cpu,
        rates: rate,
      }))
  } finally {
    for (const { load, server } of running) {
      load.stop()
      await server.stop()
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {TableScenario} scenario
 * @param {readonly Server[]} builds
 * @param {readonly (readonly Sample[])[]} samples
 */
export function comparison(scenario, builds, samples) {
  const [base = []] = samples
  const lines = textTable([
    ['', 'CPU µs/op', '(range)', `rate ${scenario.unit}`, 'peak MB', 'CPU', '(range)', 'rate'],
    ...samples.map((own, index) => {
      const cpu = own.map((sample) => sample.cpu)
      const ratios = own.map((sample, at) => sample.cpu / (base[at]?.cpu ?? 0))
      const rates = own.map((sample, at) => sample.rate / (base[at]?.rate ?? 0))
      const compared = [times(median(ratios)), range(ratios, 2), times(median(rates))]
      return [
        builds[index]?.name ?? '',
        number(median(cpu)),
        range(cpu, 0),
        number(median(own.map(({ rate }) => rate))),
        number(Math.max(...own.map(({ peak }) => peak)) / 1e6),
        ...(index === 0 ? ['', '', ''] : compared),
      ]
    }),
  ])
  return `${[scenario.title(scenario.sizes.quick), ...lines].join('\n')}\n`
}

/** @param {number | null} value */
function times(value) {
  return `${(value ?? 0).toFixed(3)}x`
}

/**
 * @param {readonly number[]} values
 * @param {number} digits
 */
function range(values, digits) {
  return `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`
}

/**
 * @template T
 * @param {readonly T[]} values
 * @returns {T[]}
 */
function shuffled(values) {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}

/**
 * The same with ratios of epochs, each beside that of the first server in its round: for a machine that is busy with
 * other work, now more and now less.
 * @param {TableScenario} scenario
 * @param {readonly Server[]} servers
 * @param {readonly (readonly Sample[])[]} samples
 */
export function pairedComparison(scenario, servers, samples) {
  const [base = []] = samples
  /**
   * @param {readonly Sample[]} own
   * @param {'cpus' | 'rates'} what
   */
  const ratio = (own, what) =>
    median(
      own.flatMap((sample, at) =>
        sample[what].map((one, epoch) => one / (base[at]?.[what][epoch] ?? 0)),
      ),
    )
  const lines = textTable([
    ['', 'CPU µs/op', `rate ${scenario.unit}`, 'peak MB', 'CPU', 'rate'],
    ...samples.map((own, index) => [
      servers[index]?.name ?? '',
      number(median(own.flatMap(({ cpus }) => cpus))),
      number(median(own.flatMap(({ rates }) => rates))),
      number(Math.max(...own.map(({ peak }) => peak)) / 1e6),
      times(ratio(own, 'cpus')),
      times(ratio(own, 'rates')),
    ]),
  ])
  return `${[scenario.title(scenario.sizes.quick), ...lines].join('\n')}\n`
}
