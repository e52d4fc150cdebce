// What operations cost Layerdock. The unit is what the GET of a manifest costs a bare server of the same
// runtime, measured in between: it takes the machine's own speed out of the figures.

import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { allocatedBytes } from './allocations.mjs'
import { percentile } from './figures.mjs'
import { startLoad } from './load.mjs'
import { cpuMicros } from './process-usage.mjs'
import { manifestPush } from './scenarios/manifest-push.mjs'
import { manifestGet, manifestHead } from './scenarios/manifest-read.mjs'
import { smallBlobPatch, smallBlobPush } from './scenarios/small-blob-push.mjs'
import { blobHead, smallBlobGet } from './scenarios/small-blob-read.mjs'
import { bareServer, layerdock } from './servers.mjs'
import { start } from './start.mjs'

/** @import { Load } from './load.mjs' */
/** @import { RunningServer, Server, TableScenario, Variant } from './types.ts' */

/**
 * An operation that is guarded. Work is counted in operations and not in seconds, so that a slow machine
 * finds code as warm as a fast one does.
 * @typedef {object} Guarded
 * @property {TableScenario} scenario
 * @property {number} warmUp how many of them come first
 * @property {number} epoch how many are measured at once
 */

/**
 * A cost for each operation.
 * @typedef {object} Cost
 * @property {number} units as many times what the bare server's GET costs
 * @property {number} own microseconds of CPU, or bytes allocated
 */

/**
 * What is measured of a pair: a figure that grows, and how much work it takes.
 * @typedef {object} Meter
 * @property {Variant} [variant] how the servers are started
 * @property {(load: Load, server: RunningServer) => Promise<number | null>} take one epoch
 * @property {number} epochs
 */

const read = { warmUp: 4000, epoch: 500 }
const write = { warmUp: 3000, epoch: 120 }

/** @type {Readonly<Record<string, Guarded>>} */
export const guarded = {
  'manifest-get': { scenario: manifestGet, ...read },
  'manifest-push': { scenario: manifestPush, warmUp: 8000, epoch: 300 },
  'small-blob-push': { scenario: smallBlobPush, ...write },
  'small-blob-get': { scenario: smallBlobGet, ...read },
  'manifest-head': { scenario: manifestHead, ...read },
  'blob-head': { scenario: blobHead, ...read },
  'small-blob-patch': { scenario: smallBlobPatch, ...write },
}

/** The fewest epochs that a figure is made of. */
const fewest = 6
/**
 * Disturbances only ever add to the cost of an epoch, so that the cheap ones tell what the code costs; the
 * very cheapest may have left some work to the epoch after it.
 */
const share = 0.15
const timeoutMs = 600_000

/** @type {Meter} */
export const cpuMeter = {
  epochs: 16,
  async take(load, { pid }) {
    const before = cpuMicros(pid)
    const { operations } = await load.ask({ step: 'run' })
    const after = cpuMicros(pid)
    if (before === null || after === null) throw new Error('CPU is only counted on Linux')
    return (after - before) / (operations ?? 0)
  },
}

/** @type {Meter} */
export const allocationMeter = {
  variant: 'trace-gc',
  epochs: 1,
  async take(load, { dir }) {
    const log = openSync(join(dir, 'log'), 'r')
    try {
      let { size } = fstatSync(log)
      let text = ''
      let made = 0
      // A server that allocates little needs many operations for a few collections.
      for (let round = 0; round < 60; round++) {
        const { operations } = await load.ask({ step: 'run' })
        made += operations ?? 0
        const more = Buffer.alloc(fstatSync(log).size - size)
        size += readSync(log, more, 0, more.length, size)
        text += more.toString('latin1')
        const { bytes, collections } = allocatedBytes(text)
        // Of n collections, the bytes of n - 1 are known.
        if (collections >= 20) return (bytes * (collections + 1)) / collections / made
      }
      return null
    } finally {
      closeSync(log)
    }
  },
}

/**
 * Measures operations on one runtime, in fresh processes.
 * @param {string} runtime
 * @param {readonly string[]} operations keys of `guarded`
 * @param {Meter} meter
 * @param {{ folder: string, until: number }} plan a folder to make; an instant of `performance.now()`
 * @returns {Promise<Map<string, Cost>>} without those for which the time did not suffice
 */
export async function measureCosts(runtime, operations, meter, { folder, until }) {
  /** @type {Map<string, Cost>} */
  const costs = new Map()
  const starting = { ...(meter.variant === undefined ? {} : { variant: meter.variant }), settle: 0 }
  /** @type {RunningServer[]} */
  const servers = []
  /** @type {Load[]} */
  const loads = []
  try {
    const bare = await start(unconfined(bareServer(runtime)), join(folder, 'bare'), starting)
    servers.push(bare)
    const own = await start(unconfined(layerdock(runtime)), join(folder, 'own'), starting)
    servers.push(own)
    const unit = { scenario: manifestGet, ...read }
    const unitLoad = await warmLoad(bare, unit, until, loads)
    for (const name of operations) {
      const operation = guarded[name]
      if (operation === undefined) throw new Error(`no operation is called ${name}`)
      const load = await warmLoad(own, operation, until, loads)
      if (unitLoad === null || load === null) break
      const cost = await inTurns(
        meter,
        { load, server: own },
        { load: unitLoad, server: bare },
        until,
      )
      if (cost !== null) costs.set(name, cost)
      load.stop()
    }
    return costs
  } finally {
    for (const load of loads) load.stop()
    for (const server of servers) await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Deno lets only a program with all permissions write below `/dev`, where the store in memory is.
 * @param {Server} server
 * @returns {Server}
 */
function unconfined(server) {
  const all = (/** @type {string} */ line) => line.replace(/(?: --allow-\S+)+/, ' --allow-all')
  const variants = Object.entries(server.variants).map(([name, line]) => [name, all(line)])
  return { ...server, command: all(server.command), variants: Object.fromEntries(variants) }
}

/**
 * @typedef {{ load: Load, server: RunningServer }} Side
 * @param {Meter} meter
 * @param {Side} own
 * @param {Side} bare
 * @param {number} until
 * @returns {Promise<Cost | null>}
 */
async function inTurns(meter, own, bare, until) {
  /** @type {number[]} */
  const costs = []
  /** @type {number[]} */
  const units = []
  for (let epoch = 0; epoch < meter.epochs; epoch++) {
    for (const [side, figures] of /** @type {const} */ ([
      [own, costs],
      [bare, units],
    ])) {
      const figure = await meter.take(side.load, side.server)
      if (figure !== null) figures.push(figure)
    }
    if (performance.now() > until) break
  }
  const cost = percentile(costs, share)
  const unit = percentile(units, share)
  if (units.length < Math.min(fewest, meter.epochs) || cost === null || unit === null) return null
  return { units: cost / unit, own: cost }
}

/**
 * A client of one server, after the warm-up; null when the time did not suffice for that.
 * @param {RunningServer} server
 * @param {Guarded} operation
 * @param {number} until
 * @param {Load[]} loads where it is added, so that it can be ended
 * @returns {Promise<Load | null>}
 */
async function warmLoad({ port }, { scenario, warmUp, epoch }, until, loads) {
  const load = startLoad(timeoutMs)
  loads.push(load)
  const size = { ...scenario.sizes.quick, seconds: 30, operations: epoch, warmUp: 0 }
  await load.ask({ step: 'prepare', scenario: scenario.id, port, size })
  for (let done = 0; done < warmUp; ) {
    if (performance.now() > until) return null
    const { operations } = await load.ask({ step: 'run' })
    done += operations ?? 0
  }
  return load
}
