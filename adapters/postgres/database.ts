import { RegistryError } from '../../src/index.ts'
import { isCollision, isConnectionLoss, translated } from './errors.ts'
import type { SqlDriver, SqlQuery, SqlRow, SqlValue } from './sql-driver.ts'

/** How often a change is made again that met another one. */
const mostRetries = 8

/** Milliseconds since the epoch by the database's clock, as an expression. */
export const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Statements and transactions, with errors in the registry's words and bounded retries. */
export class Database {
  readonly #driver: SqlDriver
  readonly #offset: () => number
  #closed = false

  /** @param offset what is added to the database's clock, in milliseconds: for tests */
  constructor(driver: SqlDriver, offset: () => number = () => 0) {
    this.#driver = driver
    this.#offset = offset
  }

  /** What has to be added to {@link nowMs}, in milliseconds. */
  get clockOffset(): number {
    return Math.round(this.#offset())
  }

  /**
   * Runs a statement that may be run again: a lost connection leaves open whether it was run, and then it is run
   * once more.
   */
  query<Row extends SqlRow>(text: string, params: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#bounded(() => this.#driver.query<Row>(text, params), isConnectionLoss)
  }

  /** Runs a transaction; again where it met another, or lost its connection before the commit was asked for. */
  transaction<T>(work: (query: SqlQuery) => Promise<T>): Promise<T> {
    let isCommitting = false
    const run = () => {
      isCommitting = false
      return this.#driver.transaction(async (query) => {
        const result = await work(query)
        isCommitting = true
        return result
      })
    }
    return this.#bounded(run, (error) => !isCommitting && isConnectionLoss(error))
  }

  /** @throws RegistryError where the database cannot be used now */
  async check(): Promise<void> {
    await this.query('select 1 as one', [])
  }

  /** Ends all connections; harmless when repeated. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#driver.close()
  }

  async #bounded<T>(run: () => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T> {
    let wasRepeated = false
    for (let round = 0; ; round += 1) {
      if (this.#closed) throw new RegistryError('unavailable')
      try {
        return await run()
      } catch (error) {
        if (isCollision(error) && round < mostRetries) {
          await pause(Math.random() * 2 ** round)
          continue
        }
        if (mayRepeat(error) && !wasRepeated) {
          wasRepeated = true
          continue
        }
        throw translated(error)
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
