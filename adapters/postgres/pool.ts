import type postgres from 'postgres'
import { beginAhead } from './begin-ahead.ts'
import { sqlStateOf } from './errors.ts'
import { runTransaction } from './run-transaction.ts'
import { noTimeout, type SqlLast, type SqlQuery, type SqlRow, sqlText } from './sql-driver.ts'
import { WatchedConnection } from './watched-connection.ts'

/** Connections of the package `postgres`. */
export type Sql = postgres.Sql<Record<string, unknown>>
/** What runs statements: any connection, or that of a transaction. */
type Runner = Pick<Sql, 'unsafe'>

/** How a {@link Pool} runs statements. */
export interface PoolOptions {
  /** Whether a connection prepares each statement once. */
  readonly prepare: boolean
  /** Statements that begin each transaction; null: none. */
  readonly settings: string | null
  /** Why no server can be reached; null where one was. */
  readonly failure: () => Error | null
  /** How long the server may take for a statement, in milliseconds: longer than it lets one run. */
  readonly answerMs: number
  /** How long closing waits for what is under way, in milliseconds. Default: 5 s. */
  readonly closingMs?: number
}

/**
 * Connections that are given up, all at once, where the server does not answer any more: a network that swallows
 * everything would hold each of them for a quarter of an hour.
 */
export class Pool {
  readonly #connect: () => Sql
  readonly #options: PoolOptions
  #sql: Sql
  #answeredAt: number = performance.now()
  #readOnlyAt: number = Number.NEGATIVE_INFINITY
  #closing: Promise<void> | null = null
  readonly #underway: Set<Promise<unknown>> = new Set()

  constructor(connect: () => Sql, options: PoolOptions) {
    this.#connect = connect
    this.#options = options
    this.#sql = connect()
  }

  /** Runs a statement on any connection. */
  readonly query: SqlQuery = (text, params) => this.#queryOn(this.#sql, this.#sql)(text, params)

  /** Runs `work` on one connection, in a transaction. */
  transaction<T>(work: (query: SqlQuery, last: SqlLast) => Promise<T>): Promise<T> {
    const sql = this.#sql
    const { settings, answerMs } = this.#options
    let stage: 'waiting' | 'working' | 'committing' = 'waiting'
    let isGivenUp = false
    let isRefused = false
    const connection = new WatchedConnection(() => this.#retire(sql))
    let commit: (outcome: { readonly value: T }) => void = () => {}
    const committed = new Promise<{ readonly value: T }>((resolve) => {
      commit = resolve
    })
    const begun = beginAhead(
      sql,
      mode,
      (inside) => {
        const query = connection.watch(this.#queryOn(sql, inside))
        return connection.run(async () => {
          if (isGivenUp) throw noAnswer()
          stage = 'working'
          const onCommit = (): void => {
            stage = 'committing'
          }
          commit(await runTransaction(query, work, { settings, onCommit }))
        })
      },
      (error) => {
        isRefused = true
        connection.refuse(error)
      },
    )
    // The package tells here of a connection that was lost between two statements.
    const failed = begun.then(
      () => committed,
      (error: unknown) => {
        connection.lookAt(error)
        throw error
      },
    )
    const transaction = Promise.race([committed, failed, connection.lost])
    let committingMs = 0
    const check = (waitedMs: number, stepMs: number): Error | null => {
      // Its statements are watched, each by itself.
      if (stage === 'working') return null
      if (stage === 'committing') committingMs += stepMs
      const failure = stage === 'waiting' ? this.#options.failure() : null
      isGivenUp = failure !== null
      if (failure !== null) return failure
      if ((stage === 'committing' ? committingMs : waitedMs) < answerMs) return null
      isGivenUp = true
      if (stage === 'committing' || this.#isSilent()) this.#replace(sql)
      return noAnswer()
    }
    return this.#noted(watched(transaction, answerMs, check)).then(
      ({ value }) => value,
      (thrown: unknown) => {
        const isReplica = isRefused && sqlStateOf(thrown) === notSupported
        const error = isReplica ? replicaOnly(thrown) : thrown
        this.#lookAt(error, sql)
        throw error
      },
    )
  }

  /** Ends all connections, once what is under way has ended; harmless when repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  /** The package by itself waits in vain for a connection that broke. */
  async #end(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, this.#options.closingMs ?? closingMs)
    })
    await Promise.race([Promise.allSettled(this.#underway), late])
    clearTimeout(timer)
    await this.#sql.end({ timeout: 0 })
  }

  #noted<T>(promise: Promise<T>): Promise<T> {
    this.#underway.add(promise)
    const done = (): boolean => this.#underway.delete(promise)
    promise.then(done, done)
    return promise
  }

  #queryOn(sql: Sql, runner: Runner): SqlQuery {
    const { prepare, answerMs } = this.#options
    let isPatient = false
    return async <Row extends SqlRow>(text: string, params: Parameters<SqlQuery>[1] = []) => {
      if (text === noTimeout) isPatient = true
      const pending = runner.unsafe<Row[]>(text, params.map(sqlText), { prepare })
      let sentMs = 0
      const check = (waitedMs: number, stepMs: number): Error | null => {
        // The package notes the connection once the statement is sent.
        const isSent = (pending as { readonly state?: unknown }).state != null
        if (isSent) sentMs += stepMs
        const failure = isSent ? null : this.#options.failure()
        if (failure !== null) pending.cancel()
        if (failure !== null) return failure
        if (isPatient || (isSent ? sentMs : waitedMs) < answerMs) return null
        if (isSent || this.#isSilent()) this.#replace(sql)
        else pending.cancel()
        return noAnswer()
      }
      try {
        const answer = watched(pending, answerMs, check)
        // A statement of a transaction may never settle once its connection is lost; the transaction does, and is noted.
        const rows: readonly Row[] = await (runner === sql ? this.#noted(answer) : answer)
        this.#answeredAt = performance.now()
        return rows
      } catch (error) {
        this.#lookAt(error, sql)
        throw error
      }
    }
  }

  /** Connections that take no writes keep to that after the server does again, or another has taken its place. */
  #lookAt(error: unknown, sql: Sql): void {
    if (sqlStateOf(error) !== readOnly) return
    if (performance.now() - this.#readOnlyAt < readOnlyMs) return
    this.#readOnlyAt = performance.now()
    this.#retire(sql)
  }

  /** Whether nothing at all was answered for a while. */
  #isSilent(): boolean {
    return performance.now() - this.#answeredAt >= this.#options.answerMs
  }

  /** Makes other connections; those that are there end once what they do is done. */
  #retire(sql: Sql): void {
    if (sql !== this.#sql || this.#closing !== null) return
    this.#sql = this.#connect()
    sql.end({ timeout: closingMs / 1000 }).catch(() => {})
  }

  /** Gives connections up and makes others, unless that was done. What waits for an answer is rejected. */
  #replace(sql: Sql): void {
    if (sql !== this.#sql || this.#closing !== null) return
    this.#sql = this.#connect()
    sql.end({ timeout: 0 }).catch(() => {})
  }
}

/** How transactions begin. */
const mode = 'isolation level read committed read write'

/** The SQLSTATE of a write where only reads go, and how often connections are opened again for it, in milliseconds. */
const readOnly = '25006'
const readOnlyMs = 1000

/** How long a pool that closes waits for what is under way, in milliseconds. */
const closingMs = 5000

/** How often it is looked how long something takes, in that time. */
const looks = 5

/** Waits for a promise, and asks now and then whether to go on; `check` returns an error to give it up. */
function watched<T>(
  promise: PromiseLike<T>,
  ms: number,
  check: (waitedMs: number, stepMs: number) => Error | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stepMs = ms / looks
    let waitedMs = 0
    const timer = setInterval(() => {
      waitedMs += stepMs
      const error = check(waitedMs, stepMs)
      if (error === null) return
      clearInterval(timer)
      reject(error)
    }, stepMs)
    promise.then(
      (value) => {
        clearInterval(timer)
        resolve(value)
      },
      (error) => {
        clearInterval(timer)
        reject(error)
      },
    )
  })
}

/** What a replica says of a transaction that is to write. */
const notSupported = '0A000'

function replicaOnly(cause: unknown): Error {
  return Object.assign(new Error('the server is a replica', { cause }), { code: readOnly })
}

function noAnswer(): Error {
  return new Error('PostgreSQL did not answer in time')
}
