// Builds of Layerdock beside each other: what a change costs or saves, in CPU for each operation.

import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flushDisk } from './cell.mjs'
import { median } from './figures.mjs'
import { startLoad } from './load.mjs'
import { cpuMicros, peakBytes } from './process-usage.mjs'
import { programFolder, runProgram } from './program.mjs'
import { number, textTable } from './report.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'
import { layerdockBuild } from './servers.mjs'
import { start } from './start.mjs'

/** @import { Load } from './load.mjs' */
/** @import { RunningServer, Server, TableScenario } from './types.ts' */

/**
 * @typedef {object} Sample the medians of one process
 * @property {number} cpu microseconds for each operation
 * @property {number} rate
 * @property {number} peak bytes
 */

const usage = `node bench/builds.mjs --build NAME=FOLDER --build NAME=FOLDER [options]

  --build NAME=FOLDER    a checkout (for Node a built one, or its dist folder); the others are
                         compared with the first
  --runtime NAME         what they run on: node, bun or deno (default: node)
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
                         (default: manifest-get,small-blob-push,manifest-push)
  --processes N          how many processes of each build (default: 5)
  --epochs N             how often each process is measured, in turns (default: 12)
  --seconds N            how long each time (default: 0.25)
  --warm-up N            seconds of the same work before (default: 1.5)
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
`

await runProgram(
  usage,
  {
    build: { type: 'string', multiple: true, default: [] },
    runtime: { type: 'string', default: 'node' },
    only: { type: 'string', default: 'manifest-get,small-blob-push,manifest-push' },
    processes: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '0.25' },
    'warm-up': { type: 'string', default: '1.5' },
    dir: { type: 'string', default: tmpdir() },
  },
  async (options) => {
    const builds = options.build.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new Error(`a build is given as name=folder, not ${JSON.stringify(text)}`)
      return layerdockBuild(text.slice(0, at), text.slice(at + 1), options.runtime)
    })
    if (builds.length < 2) throw new Error('at least two builds are compared: --build NAME=FOLDER')
    const chosen = options.only.split(',').map(findTableScenario)
    const plan = {
      processes: count('processes', options.processes),
      epochs: count('epochs', options.epochs),
      seconds: Number(options.seconds),
      warmUp: Number(options['warm-up']),
    }
    const folder = programFolder(options.dir, 'builds')
    process.stdout.write(
      `${options.runtime}: ${plan.processes} processes of each build, ${plan.epochs} epochs of ${plan.seconds} s in each, in turns; medians of the processes' own\n`,
    )
    for (const scenario of chosen) {
      /** @type {Sample[][]} */
      const samples = builds.map(() => [])
      for (let round = 0; round < plan.processes; round++) {
        const measured = await measureOnce(scenario, builds, plan, join(folder, `${round}`))
        measured.forEach((sample, index) => {
          samples[index]?.push(sample)
        })
      }
      process.stdout.write(`\n${comparison(scenario, builds, samples)}`)
    }
  },
)

/**
 * One process of each build, all alive at once. They take turns in a random order, so that a
 * disturbance of the machine meets each of them alike.
 * @param {TableScenario} scenario
 * @param {readonly Server[]} builds
 * @param {{ epochs: number, seconds: number, warmUp: number }} plan
 * @param {string} folder
 * @returns {Promise<Sample[]>}
 */
async function measureOnce(scenario, builds, { epochs, seconds, warmUp }, folder) {
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
function comparison(scenario, builds, samples) {
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
 * @param {string} name
 * @param {string} text
 */
function count(name, text) {
  const value = Number(text)
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`--${name} takes a whole number`)
  return value
}
