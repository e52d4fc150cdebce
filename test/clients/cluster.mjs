// Real clients push to several nodes and pull from them through HAProxy, while nodes are killed and PostgreSQL is
// restarted. Afterwards everything that was acknowledged is read back through every node.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../../conformance/program-options.mjs'
import { entryPath, freePorts, runtimes } from '../../conformance/servers.mjs'
import { startServices } from '../../conformance/services.mjs'
import { startBalancer } from './cluster-balancer.mjs'
import { checkNames, compareKeys, readAnswers } from './cluster-check.mjs'
import { clusterClients } from './cluster-clients.mjs'
import { collectAll, collectBeside } from './cluster-collector.mjs'
import { endInTurn, Node } from './cluster-nodes.mjs'
import { Worker } from './cluster-work.mjs'
import { Context } from './context.mjs'
import { buildIndex } from './image.mjs'
import { which } from './runner.mjs'
import { Wire } from './wire.mjs'

const help = `npm run cluster -- [options]

  --seconds N          how long the clients work (default: 60)
  --nodes N            how many nodes (default: 3)
  --every N            a node is ended this many seconds after the last one is back (default: 4)
  --end kill|stop|none how: by SIGKILL (default), by SIGTERM as a rolling restart does, or not at all
  --no-database-restart PostgreSQL is left alone
  --only NAME[,NAME…]  these clients alone
  --largest BYTES      the largest layer (default: 16000000)
  --seed TEXT          what is pushed follows from it
  --runtime NAME       what Layerdock runs on: node (default), bun or deno
  --folder             one node over a folder, without database and bucket: to try the clients
  --keep               keep the temporary folder

It needs PostgreSQL, SeaweedFS (TEST_WEED names its program), HAProxy, and root for docker and containerd.
A client that is not on PATH is left out, and said.
`

const values = programOptions(help, {
  seconds: { type: 'string', default: '60' },
  nodes: { type: 'string', default: '3' },
  every: { type: 'string', default: '4' },
  end: { type: 'string', default: 'kill' },
  'no-database-restart': { type: 'boolean', default: false },
  only: { type: 'string' },
  largest: { type: 'string', default: '16000000' },
  seed: { type: 'string', default: `${Date.now()}` },
  runtime: { type: 'string', default: 'node' },
  folder: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
})

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const [seconds, everyMs] = [Number(values.seconds), Number(values.every) * 1000]
const [largest, count] = [Number(values.largest), values.folder ? 1 : Number(values.nodes)]
if (!(seconds > 0 && everyMs > 0 && largest >= 1000 && count >= 1)) {
  fail('--seconds, --every and --nodes take positive numbers, --largest at least 1000')
}
if (!['kill', 'stop', 'none'].includes(values.end)) fail(`--end ${values.end}: unknown`)
const { title, entry, find } = runtimes[values.runtime] ?? fail('--runtime takes node, bun or deno')
const only = values.only?.split(',')
const { command, version } = find('current')

if (which('haproxy') === null) fail('HAProxy is not installed')

const top = mkdtempSync(join(tmpdir(), 'layerdock-cluster-'))
/** @type {(() => Promise<unknown>)[]} */
const closing = []
async function close() {
  for (const action of closing.splice(0).reverse()) await action().catch(say)
}
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, async () => {
    await close()
    process.exit(130)
  })
}
process.once('exit', () => {
  if (values.keep) process.stdout.write(`Kept: ${top}\n`)
  else rmSync(top, { recursive: true, force: true })
})

/** @param {unknown} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}

/** How long content that nothing names yet is kept: longer than any push here takes. */
const leaseMs = 60_000

const serving = [
  ...['--lease', `${leaseMs / 1000}s`, '--trusted-proxies', '127.0.0.1'],
  // As long as HAProxy takes to notice, on a busy machine.
  ...['--drain-delay', '3'],
]

const services = values.folder ? null : await startServices()
if (services !== null) closing.push(services.stop)
const place = (await services?.fresh()) ?? null
const store = place?.args ?? ['--storage-dir', join(top, 'store')]
const nodes = (await freePorts(count)).map(
  (port) =>
    new Node({
      command: [...command, entryPath(entry)],
      args: [...store, ...serving],
      env: services?.env ?? {},
      host: `127.0.0.1:${port}`,
    }),
)
for (const node of nodes) {
  await node.start()
  closing.push(() => node.end('kill'))
}
const hosts = nodes.map(({ host }) => host)
const balancer = await startBalancer(hosts, top)
closing.push(balancer.stop)
say(`seed ${values.seed}, ${title} ${version}, ${count} nodes behind ${balancer.host}`)

const sample = await buildIndex(join(top, 'index'), 'index')
const run = `c${Date.now().toString(36)}`
const workers = clusterClients.flatMap((client) => {
  const { name } = client
  if (only?.includes(name) === false) return []
  const found = client.find()
  if (found === null) {
    say(`${name}: not installed, left out`)
    return []
  }
  const dir = join(top, name)
  mkdirSync(dir)
  writeFileSync(join(dir, 'auth.json'), '{}')
  const context = new Context({
    ...{ host: balancer.host, dir, prefix: `${run}/${name}`, wire: new Wire(balancer.host) },
    ...{ samples: { big: sample, index: sample }, referrersApi: true, login: null },
  })
  closing.push(() => context.cleanUp())
  say(`${name} ${found}: repeats ${client.retries}`)
  return [new Worker({ client, context, seed: `${values.seed}-${name}`, largest })]
})

/** @type {string[]} */
const violations = workers.length === 0 ? ['no client is installed'] : []
try {
  const began = performance.now()
  let isDone = false
  const working = Promise.all(
    workers.map((worker) => worker.work(() => performance.now() - began > seconds * 1000)),
  ).finally(() => {
    isDone = true
  })
  const collecting =
    services === null || place === null
      ? null
      : collectBeside(services, place, { leaseMs, done: () => isDone }).catch((error) => {
          violations.push(`collecting garbage: ${error}`)
          return null
        })
  let restarts = 0
  const restart = async () => {
    if (services === null || values['no-database-restart'] || restarts > 0) return
    if (performance.now() - began < seconds * 500) return
    restarts += 1
    await services.restartDatabase()
  }
  const ending = { everyMs, done: () => isDone, between: restart }
  const how = values.end === 'stop' ? 'stop' : 'kill'
  const ends = values.end === 'none' ? 0 : await endInTurn(nodes, { ...ending, how })
  await working
  const beside = await collecting
  const worked = ((performance.now() - began) / 1000).toFixed(0)
  say(`\n${worked} s: ${ends} nodes ended (${values.end}), PostgreSQL restarted ${restarts} times`)
  if (beside !== null) {
    const { collected, swept, failed } = beside
    say(`beside them ${collected} blobs collected, ${swept} swept; ${failed} turns met an outage`)
  }
  for (const worker of workers) report(worker)

  const names = workers.flatMap((worker) => [...worker.names.values()])
  const found = await checkNames(hosts, names)
  violations.push(...found.violations)
  const held = names.filter(({ acknowledged }) => acknowledged).length
  say(`${held} names through each of ${count} nodes, ${(found.bytes / 1e6).toFixed(0)} MB hashed`)
  reportAnswers(names)
  if (services !== null && place !== null) await reportKeys(services, place)
} finally {
  await close()
}
for (const violation of violations) say(`VIOLATION ${violation}`)
say(`${violations.length} violations`)
process.exitCode = violations.length > 0 ? 1 : 0

/** @param {Worker} worker */
function report({ client, counts, complaints, violations: found }) {
  violations.push(...found)
  const cells = Object.entries(counts).map(
    ([kind, { commands, first, repeated }]) =>
      `${commands} ${kind}es`.replace('pulles', 'pulls') +
      ` (${first} by one command, ${repeated} commands given again)`,
  )
  say(`${client.name.padEnd(10)} ${cells.join(', ')}`)
  for (const [said, times] of complaints) say(`    ${times} × ${said}`)
  // Only a node that dies, or a commit that PostgreSQL's restart leaves open, may fail a command.
  const mayFail = values.end === 'kill' || !(values['no-database-restart'] || values.folder)
  if (!mayFail && complaints.size > 0) {
    violations.push(`${client.name}: a command failed`)
  }
}

/** @param {readonly import('./cluster-work.mjs').Name[]} names */
function reportAnswers(names) {
  const { requests, redispatched, byStatus, unknown, tags } = readAnswers(balancer.log)
  const failures = [...byStatus].map(([kind, times]) => `${times} × ${kind}`).join(', ')
  say(`${requests} requests, ${redispatched} sent to another node; failures: ${failures || 'none'}`)
  violations.push(...unknown.map((answer) => `FALSE UNKNOWN: ${answer}`))
  for (const { repo, tag, acknowledged } of names) {
    if (acknowledged && !tags.get(repo)?.has(tag)) violations.push(`not in the log: ${repo}:${tag}`)
  }
}

/**
 * @param {import('../../conformance/services.mjs').Services} shared
 * @param {import('../../conformance/services.mjs').Place} at
 */
async function reportKeys(shared, at) {
  for (const node of nodes) await node.end('stop')
  const { collected, swept } = await collectAll(shared, at)
  const keys = await compareKeys(shared, at)
  const { objects, rows, orphans, lost, trash, parts } = keys
  say(
    `${collected} blobs collected and ${swept} swept; ${objects} objects in the bucket, ${rows} rows that name one`,
  )
  if (trash > 0) violations.push(`${trash} keys stay in the trash`)
  for (const key of orphans) violations.push(`ORPHAN: ${key}`)
  for (const key of lost) violations.push(`LOST OBJECT: ${key}`)
  // A node that dies between two calls leaves one now and then.
  say(`${parts} multipart uploads were left, which nodes end when they are a week old`)
}
