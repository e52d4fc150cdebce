// The load, in a process of its own so that its CPU is counted apart from the server's. It is told
// which road to take and then, step by step, to run and to check; it answers each with one message.

import { percentile } from './figures.mjs'
import { findRoad } from './scenarios/index.mjs'

let work = null

const steps = {
  async prepare({ road, port, size }) {
    work = await findRoad(road).prepare(port, size)
    return {}
  },
  async run() {
    const before = process.cpuUsage()
    const { times, seconds, bytes = null } = await work.run()
    const { user, system } = process.cpuUsage(before)
    return {
      operations: times.length,
      seconds,
      rate: (bytes === null ? times.length : bytes / 1e6) / seconds,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      clientCpuSeconds: (user + system) / 1e6,
    }
  },
  async check() {
    await work.check()
    return {}
  },
}

process.on('message', async ({ step, ...details }) => {
  try {
    process.send({ done: await steps[step](details) })
  } catch (error) {
    process.send({ failed: error.message })
  }
})
process.on('disconnect', () => process.exit())
