// Layerdock beside other registries: every road on every server, round after round.

import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'
import { measure } from './cell.mjs'
import { markdownReport, textReport } from './report.mjs'
import { findRoad, roads } from './scenarios/index.mjs'
import { dockerRegistry, layerdock, peer, start } from './servers.mjs'

const tmpfs = 0x01021994

const usage = `node bench/run.mjs [options]

  --quick                the small sizes: minutes, not hours
  --rounds N             how often each road is taken on each registry (default: 5)
  --only ROAD[,ROAD…]    these alone: ${roads.map(({ id }) => id).join(', ')}
  --peer NAME=COMMAND    another registry, as bench/README.md says; may be repeated
  --without NAME         not this one: layerdock, docker-registry, or a peer; may be repeated
  --dir FOLDER           where they keep things, on a disk (default: ${tmpdir()})
  --json FILE            write every figure there
  --markdown FILE        write the table there
`

try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main() {
  const options = readOptions()
  const servers = chosenServers(options)
  const folder = mkdtempSync(join(options.dir, 'layerdock-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  checkFolder(folder, servers.length, options.quick)
  const size = options.quick ? 'quick' : 'full'
  const run = {
    command: ['node bench/run.mjs', ...process.argv.slice(2).map(quoted)].join(' '),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    rounds: options.rounds,
    quick: options.quick,
    servers: servers.map(({ name, syncs }) => ({ name, syncs })),
    roads: options.roads.map(({ id, title, unit, sizes }) => ({
      id,
      title: title(sizes[size]),
      unit,
    })),
    idle: Object.fromEntries(servers.map(({ name }) => [name, []])),
    cells: Object.fromEntries(
      options.roads.map(({ id }) => [
        id,
        Object.fromEntries(servers.map(({ name }) => [name, []])),
      ]),
    ),
  }
  for (let round = 0; round < options.rounds; round++) {
    await takeRound(run, options, { servers, round, folder })
  }
  process.stdout.write(textReport(run))
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`)
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdownReport(run))
  if (
    Object.values(run.cells).some((cell) =>
      Object.values(cell)
        .flat()
        .some((each) => each.failed),
    )
  ) {
    process.exitCode = 1
  }
}

async function takeRound(run, options, { servers, round, folder }) {
  const running = []
  try {
    for (const server of servers) {
      const started = await start(server, join(folder, `${round}-${server.name}`))
      running.push(started)
      run.idle[server.name].push(started.idle)
    }
    for (const road of options.roads) {
      // Whoever goes first finds the machine as the last road left it, so the order turns.
      const first = round % running.length
      for (const server of [...running.slice(first), ...running.slice(0, first)]) {
        const figures = await measure(road, road.sizes[options.quick ? 'quick' : 'full'], server)
        run.cells[road.id][server.name].push(figures)
        progress(
          `round ${round + 1}, ${road.id}, ${server.name}: ${figures.failed ?? Math.round(figures.rate) + road.unit}`,
        )
      }
    }
  } finally {
    for (const server of running) {
      await server.stop()
      rmSync(server.dir, { recursive: true, force: true })
    }
  }
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
  return { ...values, rounds, roads: values.only?.split(',').map(findRoad) ?? roads }
}

function chosenServers({ peer: peers, without }) {
  const makers = [
    ['layerdock', layerdock],
    ['docker-registry', dockerRegistry],
    ...peers.map((text) => [text.split('=')[0], () => peer(text)]),
  ]
  const servers = makers.filter(([name]) => !without.includes(name)).map(([, make]) => make())
  const chosen = servers.filter((server) => server !== null)
  if (chosen.length === 0) throw new Error('no registry is left to measure')
  return chosen
}

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
  return `${cores.length} × ${cores[0].model.trim()}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`
}

function quoted(word) {
  return /[\s{}*]/.test(word) ? `'${word}'` : word
}

function progress(line) {
  process.stderr.write(`${line}\n`)
}
