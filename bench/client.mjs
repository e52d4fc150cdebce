// The load, in a process of its own so that its CPU is counted apart from the server's. The parent
// sends the steps prepare, run and check, and gets one message back for each.

import { percentile } from './figures.mjs'
import { findScenario } from './scenarios/index.mjs'

/** @import { Figures, Size, Target, Work } from './types.ts' */

/**
 * @typedef {{ step: 'prepare', scenario: string, port: Target, size: Size }
 *   | { step: 'run' } | { step: 'check' }} Message
 */

/** @type {Work | null} */
let work = null

/**
 * @param {Message} message
 * @returns {Promise<Figures>}
 */
async function take(message) {
  if (message.step === 'prepare') {
    work = await findScenario(message.scenario).prepare(message.port, message.size)
    return {}
  }
  if (work === null) throw new Error('nothing is prepared')
  if (message.step === 'run') return figuresOf(work)
  await work.check()
  return {}
}

/**
 * @param {Work} prepared
 * @returns {Promise<Figures>}
 */
async function figuresOf(prepared) {
  const before = process.cpuUsage()
  const { times, seconds, bytes, entries } = await prepared.run()
  const done = bytes === undefined ? (entries ?? times.length) : bytes / 1e6
  const { user, system } = process.cpuUsage(before)
  return {
    operations: times.length,
    seconds,
    rate: done / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    clientCpuSeconds: (user + system) / 1e6,
  }
}

process.on('message', async (/** @type {Message} */ message) => {
  try {
    process.send?.({ done: await take(message) })
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : `${error}` })
  }
})
process.on('disconnect', () => process.exit())
