// Layerdock over a large database: how long each read takes, and how PostgreSQL finds what it reads.

import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { benchFolder, commandLine } from './choice.mjs'
import { starter } from './deployments.mjs'
import { percentile } from './figures.mjs'
import { Connection } from './http.mjs'
import {
  ask,
  callMethods,
  changeAll,
  expectStatus,
  planned,
  readsOf,
  samplesOf,
} from './large-database-operations.mjs'
import { largeDatabasePage } from './large-database-report.mjs'
import { describeMachine } from './machine.mjs'
import { shapeOf, statementsOf } from './plans.mjs'
import { runProgram } from './program.mjs'
import { seedDatabase } from './seed-database.mjs'
import { layerdockNode } from './servers.mjs'
import { startBucket, startDatabase } from './services.mjs'

/** @import { Sql } from 'postgres' */
/** @import { Database } from './services.mjs' */
/** @import { RunningServer } from './types.ts' */

/** @import { Operation, Samples } from './large-database-operations.mjs' */

const page = new URL('./RESULTS-large-database.md', import.meta.url)
const store = 'large'
/** What has no plan. */
const planless = /^(begin|commit|rollback|savepoint|release|set|discard|deallocate)\b/i

const usage = `node bench/large-database.mjs [options]

PostgreSQL and SeaweedFS must be installed: bench/README.md says where they are looked for.

  --manifests N     half of them in one repository (default: 1000000)
  --tags N          in that repository (default: 500000)
  --repositories N  that share the other half (default: 20000)
  --reads N         of each kind that are timed (default: 300)
  --dir FOLDER      where everything is kept, on a disk: about 3.5 kB for each manifest
  --write           write bench/RESULTS-large-database.md; otherwise it is printed
`

await runProgram(
  usage,
  {
    manifests: { type: 'string', default: '1000000' },
    tags: { type: 'string', default: '500000' },
    repositories: { type: 'string', default: '20000' },
    reads: { type: 'string', default: '300' },
    dir: { type: 'string', default: process.env.TMPDIR ?? '/tmp' },
    write: { type: 'boolean', default: false },
  },
  async (options) => {
    const contents = {
      manifests: Number(options.manifests),
      tags: Number(options.tags),
      repositories: Number(options.repositories),
      referrers: 1000,
    }
    const folder = benchFolder(options.dir, contents.manifests * 7000)
    const [before = 0] = loadavg()
    const database = await startDatabase(join(folder, 'database'))
    const bucket = await startBucket(join(folder, 'bucket'))
    const start = starter({ database, bucket })
    const begin = (/** @type {string} */ name) =>
      start(layerdockNode(), join(folder, name), { storage: store })
    const sql = postgres(database.url(store), { max: 1, onnotice: () => {} })
    try {
      // The first start makes the tables.
      await (await begin('empty')).stop()
      await seedDatabase(sql, contents, progress)
      const samples = await samplesOf(sql)
      const running = await begin('reads')
      const reads = await timeAll(running, readsOf(samples), Number(options.reads))
      await running.stop()
      const plans = await plansOf(sql, database, begin, samples)
      const [after = 0] = loadavg()
      const measured = {
        ...{
          command: commandLine('bench/large-database.mjs').replaceAll(
            / --write\b| --(?:dir|json) \S+/g,
            '',
          ),
        },
        ...{ date: new Date().toISOString().slice(0, 10), machine: describeMachine() },
        ...{ version: database.version, load: /** @type {const} */ ([before, after]), contents },
        ...{ ...(await sizesOf(sql)), reads, ...plans },
      }
      const text = largeDatabasePage(measured)
      if (options.write) writeFileSync(page, text)
      else process.stdout.write(text)
    } finally {
      await sql.end({ timeout: 1 })
      await database.stop()
      await bucket.stop()
    }
  },
)

/**
 * @param {RunningServer} server
 * @param {readonly Operation[]} operations
 * @param {number} count
 */
async function timeAll(server, operations, count) {
  const connection = new Connection(server.port)
  const timed = []
  try {
    for (const { title, ask: askFor, status } of operations) {
      /** @type {number[]} */
      const times = []
      for (let at = 0; at < count + 20; at++) {
        const asked = askFor(at)
        const from = performance.now()
        expectStatus(status, await ask(connection, asked), title)
        if (at >= 20) times.push(performance.now() - from)
      }
      timed.push({ title, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) })
      progress(`${title}: ${percentile(times, 0.5)?.toFixed(2)} ms`)
    }
  } finally {
    connection.close()
  }
  return timed
}

/**
 * Runs everything a few times while PostgreSQL writes down its plans.
 * @param {Sql} sql
 * @param {Pick<Database, 'url' | 'log' | 'ran' | 'forget'>} database
 * @param {(name: string) => Promise<RunningServer>} begin
 * @param {Samples} samples
 */
async function plansOf(sql, { url, log: readLog, ran, forget }, begin, samples) {
  const settings = [
    "session_preload_libraries = 'auto_explain'",
    ...['auto_explain.log_min_duration = 0', 'auto_explain.log_format = json'],
    ...['auto_explain.log_analyze = on', 'auto_explain.log_timing = off'],
    ...['auto_explain.log_buffers = on', 'auto_explain.log_verbose = on'],
    'auto_explain.log_nested_statements = on',
  ]
  for (const setting of settings) await sql.unsafe(`alter database "${store}" set ${setting}`)
  await forget()
  const logged = readLog().length
  const running = await begin('plans')
  const connection = new Connection(running.port)
  try {
    for (let at = 0; at < planned; at++) {
      for (const { title, ask: askFor, status } of readsOf(samples)) {
        expectStatus(status, await ask(connection, askFor(at)), title)
      }
      await changeAll(connection, samples, at)
    }
  } finally {
    connection.close()
    await running.stop()
  }
  await callMethods(url(store), samples)
  const statements = statementsOf(readLog().slice(logged))
  const known = new Set(statements.map(({ text }) => shapeOf(text)))
  const others = (await ran(store)).filter((text) => !known.has(shapeOf(text)))
  return { statements, forgotten: others.filter((text) => !planless.test(text)) }
}

/**
 * How many rows each table has, and how many bytes all of it takes.
 * @param {Sql} sql
 */
async function sizesOf(sql) {
  await sql.unsafe('analyze')
  const tables = await sql`
    select relname, reltuples::bigint as rows, pg_total_relation_size(oid) as bytes from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by bytes desc`
  const [{ bytes } = { bytes: 0 }] = await sql`select pg_database_size(current_database()) as bytes`
  return {
    bytes: Number(bytes),
    tables: tables.map(({ relname, rows, bytes: each }) => ({
      name: `${relname}`,
      rows: Number(rows),
      bytes: Number(each),
    })),
  }
}

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${line}\n`)
}
