import { RegistryError } from '../../src/index.ts'
import { isCollision, isConnectionLoss, translated, unavailable } from './errors.ts'
import type { SqlDriver, SqlLast, SqlQuery, SqlRow, SqlValue } from './sql-driver.ts'

/** How often a change is made again that met another one. */
const mostRetries = 8

/** How long calls wait for a database that has gone away, in milliseconds, and how long between two tries. */
const defaultPatienceMs = 3_000
const longestPauseMs = 200

const standby =
  'the server is a standby, which takes no changes; name the primary, or all servers with target_session_attrs=primary'

/** Milliseconds since the epoch by the database's clock, as an expression. */
export const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Has something called once a transaction is committed; it never throws. */
export type OnCommitted = (callback: () => void) => void

/** What was sent to the database since the process began. */
export interface DatabaseFigures {
  /** Statements that are a transaction by themselves. */
  readonly queries: number
  readonly transactions: number
  /** What met another change, and was sent once more. */
  readonly collisions: number
  /** What lost its connection, and was sent once more. */
  readonly losses: number
}

/** Statements and transactions, with errors in the registry's words and bounded retries. */
export class Database {
  readonly #driver: SqlDriver
  readonly #offset: () => number
  readonly #patienceMs: number
  /** Since when connections are lost, by the steady clock; null while the database answers. */
  #awaySince: number | null = null
  #closed = false
  #queries = 0
  #transactions = 0
  #collisions = 0
  #losses = 0

  /**
   * @param offset what is added to the database's clock, in milliseconds: for tests
   * @param patienceMs how long calls wait for a database that has gone away
   */
  constructor(
    driver: SqlDriver,
    offset: () => number = () => 0,
    patienceMs: number = defaultPatienceMs,
  ) {
    this.#driver = driver
    this.#offset = offset
    this.#patienceMs = patienceMs
  }

  figures(): DatabaseFigures {
    const [queries, transactions] = [this.#queries, this.#transactions]
    return { queries, transactions, collisions: this.#collisions, losses: this.#losses }
  }

  /** What has to be added to {@link nowMs}, in milliseconds. */
  get clockOffset(): number {
    return Math.round(this.#offset())
  }

  /**
   * Runs a statement that may be run again: a lost connection leaves open whether it was run, and then it is run
   * again, if the database is back in time.
   */
  query<Row extends SqlRow>(text: string, params: readonly SqlValue[]): Promise<readonly Row[]> {
    this.#queries += 1
    return this.#bounded(() => this.#driver.query<Row>(text, params), isConnectionLoss)
  }

  /**
   * Runs a transaction; again where it met another, or lost its connection before the commit was asked for. What is
   * given to `last` runs at the end, and goes with the commit where the driver can do that; callbacks that are given to
   * `committed` are called once it is committed.
   */
  transaction<T>(
    work: (query: SqlQuery, last: SqlLast, committed: OnCommitted) => Promise<T>,
  ): Promise<T> {
    this.#transactions += 1
    let isCommitting = false
    const run = async () => {
      isCommitting = false
      const callbacks: Array<() => void> = []
      const value = await this.#driver.transaction(async (query, last) => {
        const noted: Array<Parameters<SqlLast>> = []
        const result = await work(
          query,
          last ?? ((...statement) => void noted.push(statement)),
          (callback) => void callbacks.push(callback),
        )
        await Promise.all(noted.map((statement) => query(...statement)))
        isCommitting = true
        return result
      })
      for (const callback of callbacks) callback()
      return value
    }
    return this.#bounded(run, (error) => !isCommitting && isConnectionLoss(error))
  }

  /**
   * Looks whether the database answers and takes changes, without the patience of other calls. @throws RegistryError
   * if not.
   */
  async check(): Promise<void> {
    const ask = () =>
      this.#driver.query<{ standby: unknown }>('select pg_is_in_recovery()::text as standby', [])
    try {
      // A connection that was idle may have been cut.
      const [row] = await ask().catch(ask)
      if (row?.standby === 'true') throw unavailable(new Error(standby))
    } catch (error) {
      throw translated(error)
    }
  }

  /** Ends all connections; harmless when repeated. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#driver.close()
  }

  async #bounded<T>(run: () => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T> {
    let losses = 0
    for (let round = 0; ; round += 1) {
      if (this.#closed) throw new RegistryError('unavailable')
      try {
        const result = await run()
        this.#awaySince = null
        return result
      } catch (error) {
        if (isCollision(error) && round < mostRetries) {
          this.#collisions += 1
          await pause(Math.random() * 2 ** round)
          continue
        }
        losses += 1
        if (mayRepeat(error) && (await this.#mayTryAgain(losses))) {
          this.#losses += 1
          continue
        }
        throw translated(error)
      }
    }
  }

  /** Waits a little after a connection was lost; false when the database has been away for too long. */
  async #mayTryAgain(losses: number): Promise<boolean> {
    // A connection that was idle may have been cut: the first time says nothing. But the package sends a statement
    // on a connection whose error it has seen, but not yet its end, and then never gets an answer.
    if (losses === 1) {
      await pause(1)
      return true
    }
    this.#awaySince ??= performance.now()
    if (performance.now() - this.#awaySince >= this.#patienceMs) return false
    await pause(Math.min(10 * 2 ** losses, longestPauseMs))
    return true
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
