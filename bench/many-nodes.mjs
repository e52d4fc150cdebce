// Layerdock as several nodes and as one, over PostgreSQL and a bucket, beside other registries over the same bucket.

import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { countCalls } from './bucket-calls.mjs'
import { measure } from './cell.mjs'
import { benchFolder, chosenPeers, commandLine, roundsOf } from './choice.mjs'
import { limitCpu } from './cpu-share.mjs'
import { deploymentsOf, starter, storeName } from './deployments.mjs'
import { describeMachine, describeRuntimes } from './machine.mjs'
import { manyNodesPage } from './many-nodes-report.mjs'
import { runProgram } from './program.mjs'
import { textReport } from './report.mjs'
import { runRounds, takesPart } from './rounds.mjs'
import { findScenario } from './scenarios/index.mjs'
import { seed } from './seed.mjs'
import { seedTags } from './seed-bucket.mjs'
import { startBucket, startDatabase } from './services.mjs'

/** @import { Deployment } from './deployments.mjs' */
/** @import { Bucket, Database } from './services.mjs' */
/** @import { Measured, Run, Server, Size, TableScenario } from './types.ts' */
/** @typedef {{ database: Database, bucket: Bucket, folder: string }} Place */

const page = new URL('./RESULTS-many-nodes.md', import.meta.url)
const mib = 1024 * 1024
const listScenario = 'tags-page'
const ids = [
  'manifest-get',
  'manifest-push',
  'small-blob-push',
  'whole-image',
  'push-length',
  'pull-one',
  'pull-redirect',
]
const growing = ['manifest-get', 'manifest-push', 'small-blob-push']
/** Long enough for a runtime to have compiled what it runs, on each of several nodes. */
const warmUp = 2
/** How many operations are counted of each, where one is not enough. */
const countedOperations = 320
const countedLists = 16

const usage = `node bench/many-nodes.mjs [options]

PostgreSQL, SeaweedFS and HAProxy must be installed: bench/README.md says where they are looked for.

  --nodes N              of Layerdock, behind HAProxy, beside one (default: 3)
  --rounds N             how often each scenario runs on each registry (default: 3)
  --seconds N            how long each of the small operations is repeated (default: 2)
  --mib N                the size of a large blob (default: 512)
  --tags N               in the repository that is listed (default: 100000)
  --share N              of a core that each node may use where their number grows (default: 0.2)
  --only ID[,ID…]        these scenarios alone: ${[...ids, listScenario].join(', ')}
  --runtime NAME         what Layerdock runs on (default: node)
  --peer NAME=PROGRAM    distribution or zot; BENCH_PEERS may name them too
  --without NAME         not this part: layerdock, peers, calls, growth; may be repeated
  --dir FOLDER           where everything is kept, on a disk
  --json FILE            write every figure there
  --write                write bench/RESULTS-many-nodes.md; otherwise it is printed
`

await runProgram(
  usage,
  {
    nodes: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    mib: { type: 'string', default: '512' },
    tags: { type: 'string', default: '100000' },
    share: { type: 'string', default: '0.2' },
    only: { type: 'string', default: [...ids, listScenario].join(',') },
    runtime: { type: 'string', default: 'node' },
    peer: { type: 'string', multiple: true, default: /** @type {string[]} */ ([]) },
    without: { type: 'string', multiple: true, default: /** @type {string[]} */ ([]) },
    dir: { type: 'string', default: process.env.TMPDIR ?? '/tmp' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
  async (options) => {
    const nodes = Number(options.nodes)
    const peers = options.without.includes('peers') ? [] : chosenPeers(options.peer)
    const own = options.without.includes('layerdock') ? [] : [nodes, 1]
    const deployments = deploymentsOf({ nodes: own, runtime: options.runtime, peers })
    const bytes = Number(options.mib) * mib
    const rounds = roundsOf(options.rounds)
    const folder = benchFolder(options.dir, rounds * deployments.length * 8 * bytes)
    const [before = 0] = loadavg()
    const database = await startDatabase(join(folder, 'database'))
    const bucket = await startBucket(join(folder, 'bucket'))
    try {
      const place = { database, bucket, folder }
      const scenarios = options.only
        .split(',')
        .map((id) => sized(id, Number(options.seconds), bytes))
      const tags = Number(options.tags)
      const run = await measureAll(deployments, scenarios, rounds, tags, place)
      const calls = options.without.includes('calls')
        ? {}
        : await countAll(deployments, scenarios, place)
      const growth = options.without.includes('growth')
        ? undefined
        : await growNodes(options.runtime, nodes, Number(options.share), scenarios, rounds, place)
      const [after = 0] = loadavg()
      const measured = { run, load: /** @type {const} */ ([before, after]), tags, calls, growth }
      process.stdout.write(textReport(run))
      if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(measured, null, 2))
      if (options.write) writeFileSync(page, manyNodesPage(measured))
      else process.stdout.write(manyNodesPage(measured))
    } finally {
      await database.stop()
      await bucket.stop()
    }
  },
)

/**
 * A scenario in the size that is measured here.
 * @param {string} id
 * @param {number} seconds
 * @param {number} bytes
 * @returns {TableScenario}
 */
function sized(id, seconds, bytes) {
  const scenario = /** @type {TableScenario} */ (findScenario(id))
  const { full } = scenario.sizes
  /** @type {Size} */
  const size = full.bytes === undefined ? { ...full, seconds, warmUp } : { ...full, bytes }
  return { ...scenario, sizes: { full: size, quick: size } }
}

/**
 * @param {readonly Deployment[]} servers
 * @param {readonly TableScenario[]} scenarios
 * @param {number} rounds
 * @param {number} tags
 * @param {Place} place
 * @returns {Promise<Run>}
 */
async function measureAll(servers, scenarios, rounds, tags, { database, bucket, folder }) {
  const start = starter({ database, bucket })
  const plan = { servers, size: /** @type {const} */ ('full'), rounds, progress, start }
  const lists = scenarios.filter(({ id }) => id === listScenario)
  const others = scenarios.filter(({ id }) => id !== listScenario)
  const measured = await runRounds({ ...plan, scenarios: others, folder })
  if (lists.length > 0) {
    const listed = { ...plan, scenarios: lists, folder: join(folder, 'lists') }
    const storage = await fill(servers, tags, start, bucket, listed.folder)
    Object.assign(measured.cells, (await runRounds({ ...listed, storage })).cells)
  }
  return {
    command: commandLine('bench/many-nodes.mjs').replaceAll(/ --write\b| --(?:dir|json) \S+/g, ''),
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    versions: [...describeRuntimes(servers), database.version, bucket.version],
    rounds,
    quick: false,
    servers: servers.map(({ name, kind, runtime, syncs }) => ({ name, kind, runtime, syncs })),
    scenarios: scenarios.map(({ id, title, unit, sizes }) => ({
      id,
      title: title(sizes.full),
      unit,
    })),
    ...measured,
  }
}

/**
 * Fills a store for each registry, which is the same for any number of nodes.
 * @param {readonly Deployment[]} servers
 * @param {number} tags
 * @param {ReturnType<typeof starter>} start
 * @param {Bucket} bucket
 * @param {string} folder
 */
async function fill(servers, tags, start, bucket, folder) {
  /** @type {Record<string, string>} */
  const storage = {}
  const tagsEach = 5
  for (const server of servers) {
    const store = listStore(server)
    const isFilled = Object.values(storage).includes(store)
    storage[server.name] = store
    if (isFilled) continue
    progress(`${server.name}: ${tags} tags`)
    if (server.kind !== 'layerdock') {
      await seedTags(server.name, bucket.at(store), tags)
      continue
    }
    const running = await start({ ...server, nodes: 1 }, join(folder, 'filling'), {
      storage: store,
    })
    const wanted = {
      manifests: Math.ceil(tags / tagsEach),
      tagsEach,
      repositories: 1,
      referrers: 0,
    }
    await seed(running.port, { ...wanted, seconds: 600 }, progress)
    await running.stop()
  }
  return storage
}

/**
 * Runs each scenario once on one node of each registry, and counts what the bucket and the database are asked.
 * @param {readonly Deployment[]} servers
 * @param {readonly TableScenario[]} scenarios
 * @param {Place} place
 */
async function countAll(servers, scenarios, { database, bucket, folder }) {
  const proxy = await countCalls(bucket.endpoint)
  const { endpoint, calls } = proxy
  const start = starter({ database, bucket, endpoint, calls, countsStatements: true })
  /** @type {Record<string, Record<string, Measured>>} */
  const cells = {}
  try {
    for (const server of servers.filter(({ nodes }) => nodes === 1)) {
      for (const scenario of scenarios) {
        if (!takesPart(scenario, server)) continue
        const { id, variant, sizes } = scenario
        const storage = id === listScenario ? listStore(server) : undefined
        const running = await start(server, join(folder, `calls ${id} ${server.name}`), {
          ...(variant === undefined ? {} : { variant }),
          ...(storage === undefined ? {} : { storage }),
        })
        const operations = id === listScenario ? countedLists : countedOperations
        const measured = await measure(scenario, { ...sizes.full, operations }, running)
        await running.stop()
        cells[id] ??= {}
        Object.assign(cells[id], { [server.name]: measured })
        progress(`calls of ${id}, ${server.name}: ${measured.failed ?? 'counted'}`)
      }
    }
  } finally {
    proxy.close()
  }
  return cells
}

/** @param {Pick<Server, 'kind' | 'name'>} server */
function listStore({ kind, name }) {
  return kind === 'layerdock' ? 'lists-layerdock' : storeName(`lists ${name}`)
}

/**
 * Measures one node, two, and so on, each with a share of a core. Null where that cannot be limited.
 * @param {string} runtime
 * @param {number} most
 * @param {number} share
 * @param {readonly TableScenario[]} scenarios
 * @param {number} rounds
 * @param {Place} place
 */
async function growNodes(runtime, most, share, scenarios, rounds, { database, bucket, folder }) {
  const nodes = Array.from({ length: most }, (_, at) => at + 1)
  const start = starter({ database, bucket, balanced: false })
  /** @type {Record<string, Record<string, Measured[]>>} */
  const cells = {}
  for (let round = 0; round < rounds; round++) {
    for (const deployment of deploymentsOf({ nodes, runtime, peers: [] })) {
      const running = await start(deployment, join(folder, `growth ${round} ${deployment.nodes}`))
      const limits = (running.pids ?? []).map((pid) => limitCpu(`${pid}`, [pid], share))
      try {
        if (limits.includes(null)) return null
        for (const scenario of scenarios.filter(({ id }) => growing.includes(id))) {
          const measured = await measure(scenario, scenario.sizes.full, running)
          cells[scenario.id] ??= {}
          const cell = cells[scenario.id] ?? {}
          cell[deployment.nodes] ??= []
          cell[deployment.nodes]?.push(measured)
          const result = measured.failed ?? `${Math.round(measured.rate ?? 0)} ${scenario.unit}`
          progress(`growth, ${scenario.id}, ${deployment.name}: ${result}`)
        }
      } finally {
        await running.stop()
        for (const giveUp of limits) giveUp?.()
      }
    }
  }
  return { share, cores: availableParallelism(), cells }
}

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${line}\n`)
}
