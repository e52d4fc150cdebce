import postgres from 'postgres'
import type { SqlQuery } from './sql-driver.ts'

/**
 * Keeps a transaction from its connection once that is lost. The package would send a rollback over it, and what is
 * sent over a connection that is closed ends the process, with an error that nothing can catch. What the package
 * knows of such a connection is wrong from then on, too.
 */
export class WatchedConnection {
  /** Rejects once the connection is lost; otherwise it never settles. */
  readonly lost: Promise<never>
  readonly #onLost: () => void
  #error: unknown = null
  #reject: (error: unknown) => void = () => {}

  /** @param onLost called once, when it is lost */
  constructor(onLost: () => void) {
    this.#onLost = onLost
    this.lost = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.lost.catch(() => {})
  }

  /** Statements, which are not sent any more once one has shown that the connection is lost. */
  watch(query: SqlQuery): SqlQuery {
    return async (text, params) => {
      if (this.#error !== null) throw this.#error
      try {
        return await query(text, params)
      } catch (error) {
        this.lookAt(error)
        throw error
      }
    }
  }

  /** Runs what a transaction does; without an end where the connection is lost, so that nothing is sent. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      return this.#error === null ? Promise.reject(error) : await new Promise<never>(() => {})
    }
  }

  /** Notes that there is no transaction: nothing is sent any more that was to be in it. */
  refuse(error: unknown): void {
    this.lookAt(error)
    if (this.#error !== null) return
    this.#error = error
    this.#reject(error)
  }

  /** Looks whether an error means that the connection is lost. */
  lookAt(error: unknown): void {
    if (this.#error !== null || !isOfConnection(error)) return
    this.#error = error
    this.#reject(error)
    this.#onLost()
  }
}

/** The package's codes for connections, and the system's. */
const connectionCodes =
  /^(?:CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN)/

/** Whether an error ends the connection: one of the network, or one with which the server hangs up. */
function isOfConnection(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) {
    return error.severity === 'FATAL' || error.severity === 'PANIC'
  }
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && connectionCodes.test(code)
}
