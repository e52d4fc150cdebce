import postgres from 'postgres'
import { fromHex } from './binary-text.ts'
import { Pool, type Sql } from './pool.ts'
import { socketMaker } from './sockets.ts'
import type { SqlDriver } from './sql-driver.ts'

/** How connections are made and kept. */
export interface ConnectOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`; the variables `PG…` stand in for its parts. */
  readonly url: string
  /** Connections at most. */
  readonly poolSize: number
  /**
   * Whether statements are prepared once for a connection. Not behind PgBouncer in transaction mode: there, the
   * timeouts hold in transactions alone.
   */
  readonly prepare: boolean
  /** How long connecting may take, in milliseconds. */
  readonly connectMs: number
  /** How long one statement may take, in milliseconds. */
  readonly statementMs: number
  /** How long one statement may wait for a lock, in milliseconds. */
  readonly lockMs: number
  /** How long a transaction may wait for its next statement, in milliseconds. */
  readonly idleMs: number
  /** How long closing waits for what is under way, in milliseconds. Default: 5 s. */
  readonly closingMs?: number
}

/** Types of PostgreSQL by their number. Parameters go as text, which no type changes. */
const asText = { to: 25, from: [25, 114, 1043, 1082, 1114, 1184, 3802], ...converted(String) }
const types = {
  text: asText,
  boolean: { to: 16, from: [16], ...converted((text) => text === 't') },
  integer: { to: 20, from: [20, 21, 23, 26, 1700], ...converted(Number) },
  bytes: { to: 17, from: [17], ...converted((text) => fromHex(text, 2)) },
}

/**
 * Every statement looks rows up by an index, for lists that are short. Planned once, and without what tables were
 * like when they were last looked at, none of them becomes a walk through a table that has grown since.
 */
const planning = {
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

/**
 * What a URL says of the servers it wants. Where it says nothing, that is the primary: a replica takes no writes and
 * has the tags of a moment ago, and a name may lead there for a while after a failover. `read-write` means the same,
 * and the package takes a replica for one.
 */
const attributes = /[?&]target_session_attrs=([^&]*)/

/** The driver over the package `postgres`: it works on Node, Bun and Deno. */
export function postgresDriver(options: ConnectOptions): SqlDriver {
  const { url, poolSize, prepare, connectMs, statementMs, lockMs, idleMs, closingMs } = options
  const timeouts = {
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleMs,
  }
  const session = { ...timeouts, ...planning }
  const settings = Object.entries(session).map(([name, value]) => `set local ${name} = ${value}`)
  const sockets = socketMaker()
  const [, named = process.env.PGTARGETSESSIONATTRS] = attributes.exec(url) ?? []
  const connect = () =>
    postgres(url, {
      max: poolSize,
      prepare,
      types,
      fetch_types: false,
      connect_timeout: connectMs / 1000,
      // The maker of sockets decides when the next connection is tried.
      backoff: () => 0,
      keep_alive: 15,
      idle_timeout: 60,
      onnotice: () => {},
      connection: {
        application_name: 'layerdock',
        ...(prepare ? session : {}),
      },
      ...(named && named !== 'read-write' ? {} : { target_session_attrs: 'primary' }),
      ...{ socket: sockets.make },
    }) as unknown as Sql
  const pool = new Pool(connect, {
    prepare,
    settings: prepare ? null : settings.join(';'),
    failure: sockets.failure,
    answerMs: Math.max(statementMs, lockMs) * 1.25 + 1000,
    ...(closingMs === undefined ? {} : { closingMs }),
  })
  return {
    query: pool.query,
    transaction: (work) => pool.transaction(work),
    close: () => pool.close(),
  }
}

function converted<T>(parse: (text: string) => T): {
  serialize: (value: string) => string
  parse: (text: string) => T
} {
  return { serialize: (value) => value, parse }
}
