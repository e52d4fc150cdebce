// Layerdock beside other registries: every scenario on every server, round after round.

import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'
import { measure } from './cell.mjs'
import { markdownReport, textReport } from './report.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'
import { dockerRegistry, layerdock, peer, start } from './servers.mjs'

/** @import { Figures, Measured, RunningServer, Server } from './types.ts' */

const tmpfs = 0x01021994

const usage = `node bench/run.mjs [options]

  --quick                the small sizes: minutes, not hours
  --rounds N             how often each scenario runs on each registry (default: 5)
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
  --peer NAME=COMMAND    another registry, as bench/README.md says; may be repeated
  --without NAME         not this one: layerdock, docker-registry, or a peer; may be repeated
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
  --json FILE            write every figure there
  --markdown FILE        write the table there
`

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function main() {
  const options = readOptions()
  const servers = chosenServers(options.peer, options.without)
  const folder = mkdtempSync(join(options.dir, 'layerdock-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => process.exit(130))
  }
  checkFolder(folder, servers.length, options.quick)
  /** @type {Record<string, Figures[]>} */
  const idle = {}
  /** @type {Record<string, Record<string, Measured[]>>} */
  const cells = {}
  /**
   * @param {string} scenario
   * @param {string} server
   */
  const roundsOf = (scenario, server) => {
    cells[scenario] ??= {}
    cells[scenario][server] ??= []
    return cells[scenario][server]
  }

  /** @param {number} round */
  const runRound = async (round) => {
    /** @type {RunningServer[]} */
    const running = []
    try {
      for (const server of servers) {
        const started = await start(server, join(folder, `${round}-${server.name}`))
        running.push(started)
        idle[server.name] ??= []
        idle[server.name]?.push(started.idle)
      }
      for (const scenario of options.scenarios) {
        // The first server finds the machine as the last scenario left it, so the order turns.
        const first = round % running.length
        for (const server of [...running.slice(first), ...running.slice(0, first)]) {
          const measured = await measure(scenario, scenario.sizes[options.size], server)
          roundsOf(scenario.id, server.name).push(measured)
          const result = measured.failed ?? Math.round(measured.rate ?? 0) + scenario.unit
          progress(`round ${round + 1}, ${scenario.id}, ${server.name}: ${result}`)
        }
      }
    } finally {
      for (const server of running) {
        await server.stop()
        rmSync(server.dir, { recursive: true, force: true })
      }
    }
  }
  for (let round = 0; round < options.rounds; round++) await runRound(round)

  const run = {
    command: ['node bench/run.mjs', ...process.argv.slice(2).map(quoted)].join(' '),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds: options.rounds,
    quick: options.quick,
    servers: servers.map(({ name, syncs }) => ({ name, syncs })),
    scenarios: options.scenarios.map(({ id, title, unit, sizes }) => ({
      id,
      title: title(sizes[options.size]),
      unit,
    })),
    idle,
    cells,
  }
  process.stdout.write(textReport(run))
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`)
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdownReport(run))
  const measured = Object.values(cells).flatMap((cell) => Object.values(cell).flat())
  if (measured.some(({ failed }) => failed !== undefined)) process.exitCode = 1
}

function readOptions() {
  const values = programOptions(usage, {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    peer: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    markdown: { type: 'string' },
  })
  const rounds = Number(values.rounds)
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a whole number')
  return {
    ...values,
    rounds,
    size: /** @type {'quick' | 'full'} */ (values.quick ? 'quick' : 'full'),
    scenarios: values.only?.split(',').map(findTableScenario) ?? scenarios,
  }
}

/**
 * @param {readonly string[]} peers as `peer` takes them
 * @param {readonly string[]} without names
 */
function chosenServers(peers, without) {
  /** @type {(readonly [string | undefined, () => Server | null])[]} */
  const makers = [
    ['layerdock', layerdock],
    ['docker-registry', dockerRegistry],
    ...peers.map((text) => /** @type {const} */ ([text.split('=')[0], () => peer(text)])),
  ]
  const servers = makers
    .filter(([name]) => name === undefined || !without.includes(name))
    .map(([, make]) => make())
  const chosen = servers.filter((server) => server !== null)
  if (chosen.length === 0) throw new Error('no registry is left to measure')
  return chosen
}

/**
 * @param {string} folder
 * @param {number} servers
 * @param {boolean} quick
 */
function checkFolder(folder, servers, quick) {
  const { type, bavail, bsize } = statfsSync(folder)
  if (type === tmpfs) {
    throw new Error(
      `${folder} is in memory, where a sync costs nothing: give a folder on a disk with --dir`,
    )
  }
  const needed = servers * (quick ? 1 : 4) * 1024 ** 3
  if (bavail * bsize < needed) {
    throw new Error(`${folder} has ${bavail * bsize} bytes free, and this run may take ${needed}`)
  }
}

function describeMachine() {
  const cores = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `${cores.length} × ${cores[0]?.model.trim()}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`
}

/** @param {string} word */
function quoted(word) {
  return /[\s{}*]/.test(word) ? `'${word}'` : word
}

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${line}\n`)
}
