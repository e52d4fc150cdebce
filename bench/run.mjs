// Layerdock beside other registries: every scenario on every server, round after round.

import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'
import { markdownReport, textReport } from './report.mjs'
import { runRounds } from './rounds.mjs'
import { findTableScenario, scenarios } from './scenarios/index.mjs'
import {
  bareServer,
  dockerRegistry,
  hasRuntime,
  layerdock,
  measuredRuntimes,
  peer,
} from './servers.mjs'

const tmpfs = 0x01021994

const peersVariable = 'BENCH_PEERS'

const usage = `node bench/run.mjs [options]

  --quick                the small sizes: minutes, not hours
  --rounds N             how often each scenario runs on each registry (default: 5)
  --only ID[,ID…]        these scenarios alone: ${scenarios.map(({ id }) => id).join(', ')}
  --runtime NAME[,NAME…] what Layerdock and the bare servers run on (default: ${measuredRuntimes.filter(hasRuntime).join(',')})
  --peer NAME=PROGRAM    another registry, as bench/README.md says; may be repeated, and
                         ${peersVariable} may name more
  --without NAME         not this server, or not the kind: layerdock, bare, peer; may be repeated
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
  const servers = chosenServers(options)
  const folder = mkdtempSync(join(options.dir, 'layerdock-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => process.exit(130))
  }
  checkFolder(folder, servers.length, options.quick)
  const { idle, cells } = await runRounds({
    servers,
    scenarios: options.scenarios,
    size: options.size,
    rounds: options.rounds,
    folder,
    progress,
  })
  const run = {
    command: ['node bench/run.mjs', ...process.argv.slice(2).map(quoted)].join(' '),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds: options.rounds,
    quick: options.quick,
    servers: servers.map(({ name, kind, runtime, syncs }) => ({ name, kind, runtime, syncs })),
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
    runtime: { type: 'string', default: measuredRuntimes.filter(hasRuntime).join(',') },
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
 * @param {object} options
 * @param {string} options.runtime names with commas between them
 * @param {readonly string[]} options.peer as `peer` takes them
 * @param {readonly string[]} options.without names
 */
function chosenServers({ runtime, peer: peers, without }) {
  const chosenRuntimes = runtime.split(',')
  const fromEnvironment = (process.env[peersVariable] ?? '').split(/\s+/).filter(Boolean)
  const debian = dockerRegistry()
  const servers = [
    ...chosenRuntimes.map(layerdock),
    ...chosenRuntimes.map(bareServer),
    ...[...fromEnvironment, ...peers].map(peer),
    ...(debian === null ? [] : [debian]),
  ].filter(({ name, kind }) => !without.includes(name) && !without.includes(kind))
  // One that is given by hand takes the place of Debian's.
  const chosen = [...new Map(servers.reverse().map((server) => [server.name, server])).values()]
  if (chosen.length === 0) throw new Error('no server is left to measure')
  return chosen.reverse()
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
