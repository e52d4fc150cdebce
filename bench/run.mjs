// Layerdock beside other registries: every scenario on every server, round after round.

import { writeFileSync } from 'node:fs'
import { programOptions } from '../conformance/program-options.mjs'
import {
  benchFolder,
  chosenServers,
  commandLine,
  roundsOf,
  sharedOptions,
  sharedUsage,
} from './choice.mjs'
import { describeMachine, describeRuntimes } from './machine.mjs'
import { textReport } from './report.mjs'
import { runRounds } from './rounds.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'

const usage = `node bench/run.mjs [options]
${sharedUsage}
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
`

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function main() {
  const options = programOptions(usage, sharedOptions)
  /** @type {'quick' | 'full'} */
  const size = options.quick ? 'quick' : 'full'
  const rounds = roundsOf(options.rounds)
  const chosen = options.only?.split(',').map(findTableScenario) ?? scenarios
  const servers = chosenServers(options)
  const folder = benchFolder(options.dir, servers.length * (options.quick ? 1 : 4) * 1024 ** 3)
  const progress = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)
  const plan = { servers, scenarios: chosen, size, rounds, folder, progress }
  const run = {
    command: commandLine('bench/run.mjs'),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    versions: describeRuntimes(servers),
    rounds,
    quick: options.quick,
    servers: servers.map(({ name, kind, runtime, syncs }) => ({ name, kind, runtime, syncs })),
    scenarios: chosen.map(({ id, title, unit, sizes }) => ({
      id,
      title: title(sizes[size]),
      unit,
    })),
    ...(await runRounds(plan)),
  }
  process.stdout.write(textReport(run))
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`)
  const measured = Object.values(run.cells).flatMap((cell) => Object.values(cell).flat())
  if (measured.some(({ failed }) => failed !== undefined)) process.exitCode = 1
}
