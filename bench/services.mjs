// PostgreSQL and SeaweedFS, as they are measured with: nothing that makes them durable is turned off.

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { AwsClient } from 'aws4fetch'
import postgres from 'postgres'
import { cpuSeconds, familyCpuSeconds } from './process-usage.mjs'
import { freePorts, startProcess, until } from './spawn.mjs'

/** @import { SharedBucket } from './types.ts' */

/**
 * @typedef {object} Database a server of PostgreSQL
 * @property {string} version
 * @property {(name: string) => string} url of a database
 * @property {(name: string) => Promise<string>} create makes an empty database, if there is none
 *   of this name, and returns its URL
 * @property {() => Promise<number | null>} statements how many it has run; null where it does not count
 * @property {(name: string) => Promise<string[]>} ran the texts of the statements that a database has run
 *   since `forget`; none where they are not counted
 * @property {() => Promise<void>} forget
 * @property {() => number | null} cpuSeconds
 * @property {() => string} log
 * @property {() => Promise<void>} stop
 */

/**
 * @typedef {object} Bucket a server of S3 with one bucket
 * @property {string} version
 * @property {(prefix: string, endpoint?: string) => SharedBucket} at a part of the bucket
 * @property {string} endpoint
 * @property {() => number | null} cpuSeconds
 * @property {() => Promise<void>} stop
 */

const bucketName = 'layerdock'
const region = 'us-east-1'
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=300',
  'shared_buffers=512MB',
  'max_wal_size=4GB',
  'maintenance_work_mem=256MB',
]
const statistics = ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.max=10000']

/**
 * Starts PostgreSQL in `folder`, from the programs in `TEST_POSTGRES_BIN`, on the path, or where Debian
 * has them.
 * @param {string} folder
 * @returns {Promise<Database>}
 * @throws {Error} where it is not installed
 */
export async function startDatabase(folder) {
  const programs = folderOf('initdb', process.env.TEST_POSTGRES_BIN, debianFolders())
  if (programs === null) {
    throw new Error('PostgreSQL is not installed, or name its folder in TEST_POSTGRES_BIN')
  }
  const account = plainAccount()
  const data = join(folder, 'data')
  mkdirSync(folder, { recursive: true })
  if (account !== null) {
    chownSync(folder, account.uid, account.gid)
    // A new temporary folder lets nobody else through.
    chmodSync(dirname(folder), 0o711)
  }
  const words = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  execFileSync(join(programs, 'initdb'), words, { cwd: folder, ...account, stdio: 'ignore' })
  const [port = 0] = await freePorts(1)
  const counts = hasStatistics(programs)
  const all = counts ? [...settings, ...statistics] : settings
  const log = join(folder, 'log')
  const command = [
    ...[join(programs, 'postgres'), '-D', data, '-p', `${port}`],
    ...all.flatMap((each) => ['-c', each]),
  ]
  const { pid, ended, stop } = startProcess(command, { log, account, cwd: folder })
  const readLog = () => readFileSync(log, 'utf8')
  await until(() => readLog().includes('ready to accept connections'), {
    what: 'PostgreSQL did not start',
    ended,
  })
  const url = (/** @type {string} */ name) => `postgres://postgres@127.0.0.1:${port}/${name}`
  const sql = postgres(url('postgres'), { max: 1, onnotice: () => {} })
  const [row] = await sql`show server_version`
  if (counts) await sql`create extension if not exists pg_stat_statements`
  return {
    version: `PostgreSQL ${`${row?.server_version}`.split(' ')[0]}`,
    url,
    async create(name) {
      const there = await sql`select from pg_database where datname = ${name}`
      if (there.length === 0) await sql.unsafe(`create database "${name}"`)
      return url(name)
    },
    async statements() {
      if (!counts) return null
      const [sum] = await sql`
        select coalesce(sum(calls), 0) as calls from pg_stat_statements
        where dbid <> (select oid from pg_database where datname = current_database())`
      return Number(sum?.calls)
    },
    async ran(name) {
      if (!counts) return []
      const rows = await sql`
        select query from pg_stat_statements
        where dbid = (select oid from pg_database where datname = ${name})`
      return rows.map(({ query }) => `${query}`)
    },
    async forget() {
      if (counts) await sql`select pg_stat_statements_reset()`
    },
    cpuSeconds: () => familyCpuSeconds(pid),
    log: readLog,
    async stop() {
      await sql.end({ timeout: 1 })
      // A fast shutdown: SIGTERM would wait for every connection.
      await stop('SIGINT')
    },
  }
}

/**
 * Starts SeaweedFS in `folder`, from `TEST_WEED` or `weed` on the path.
 * @param {string} folder
 * @returns {Promise<Bucket>}
 * @throws {Error} where it is not installed
 */
export async function startBucket(folder) {
  const named = process.env.TEST_WEED
  const place = folderOf('weed', undefined, [])
  if (named === undefined && place === null) {
    throw new Error('SeaweedFS is not installed, or name its program in TEST_WEED')
  }
  const weed = named ?? join(place ?? '', 'weed')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' }
  const parts = ['s3', 'master', 'volume', 'filer']
  const ports = await freePorts(parts.length * 2)
  const command = [
    ...[weed, 'mini', `-dir=${data}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1'],
    ...parts.flatMap((part, at) => [
      `-${part}.port=${ports[at]}`,
      `-${part}.port.grpc=${ports[at + parts.length]}`,
    ]),
    ...['-s3.port.iceberg=0', '-s3.port.lance=0', '-admin.ui=false', '-webdav=false'],
    ...['-master.telemetry=false', '-volume.max=500'],
  ]
  const env = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
  const { pid, ended, stop } = startProcess(command, { log: join(folder, 'log'), env, cwd: folder })
  const endpoint = `http://127.0.0.1:${ports[0]}`
  const client = new AwsClient({ ...keys, region, service: 's3', retries: 0 })
  const isThere = () => makeBucket(client, `${endpoint}/${bucketName}`)
  await until(isThere, { what: 'SeaweedFS did not start', ended })
  const version = execFileSync(weed, ['version'], { encoding: 'utf8' })
  return {
    version: `SeaweedFS ${/\d+\.\d+/.exec(version)?.[0] ?? ''}`,
    endpoint,
    at: (prefix, through = endpoint) => ({
      ...{ endpoint: through, name: bucketName, prefix, region },
      ...keys,
    }),
    cpuSeconds: () => cpuSeconds(pid),
    stop: () => stop(),
  }
}

/**
 * @param {AwsClient} client
 * @param {string} url
 */
async function makeBucket(client, url) {
  try {
    const made = await client.fetch(url, { method: 'PUT' })
    await made.body?.cancel()
    const seen = await client.fetch(url, { method: 'HEAD' })
    return seen.status === 200
  } catch {
    return false
  }
}

/** @param {string} programs */
function hasStatistics(programs) {
  const libraries = execFileSync(join(programs, 'pg_config'), ['--pkglibdir'], { encoding: 'utf8' })
  return existsSync(join(libraries.trim(), 'pg_stat_statements.so'))
}

/**
 * The folder of a program; null where there is none.
 * @param {string} program
 * @param {string | undefined} named
 * @param {readonly string[]} others beside those of the path
 */
function folderOf(program, named, others) {
  if (named !== undefined) return named
  const folders = [...others, ...(process.env.PATH ?? '').split(delimiter)]
  return folders.find((folder) => existsSync(join(folder, program))) ?? null
}

function debianFolders() {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort().reverse() : []
  return versions.map((version) => join(root, version, 'bin'))
}

/** Whom PostgreSQL runs as, since it refuses root; null where this process is not root. */
function plainAccount() {
  if (userInfo().uid !== 0) return null
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['pgtest', 'postgres', 'nobody']) {
    const row = rows.find((each) => each.startsWith(`${name}:`))?.split(':')
    if (row !== undefined) return { uid: Number(row[2]), gid: Number(row[3]) }
  }
  return null
}
