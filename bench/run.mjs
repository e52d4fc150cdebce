// Layerdock beside other registries: every scenario on every server, round after round.

import { benchFolder, chosenServers, roundsOf, sharedOptions, sharedUsage } from './choice.mjs'
import { runProgram } from './program.mjs'
import { runTable } from './run-table.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'

const usage = `node bench/run.mjs [options]
${sharedUsage}
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
`

await runProgram(usage, sharedOptions, async (options) => {
  /** @type {'quick' | 'full'} */
  const size = options.quick ? 'quick' : 'full'
  const rounds = roundsOf(options.rounds)
  const chosen = options.only?.split(',').map(findTableScenario) ?? scenarios
  const servers = chosenServers(options)
  const folder = benchFolder(options.dir, servers.length * (options.quick ? 1 : 4) * 1024 ** 3)
  const plan = { servers, scenarios: chosen, size, rounds, folder }
  const run = await runTable('bench/run.mjs', options, plan)
  const measured = Object.values(run.cells).flatMap((cell) => Object.values(cell).flat())
  if (measured.some(({ failed }) => failed !== undefined)) process.exitCode = 1
})
