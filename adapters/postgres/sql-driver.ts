import { toHex } from './binary-text.ts'

/** What a statement takes: a list becomes an array of PostgreSQL. */
export type SqlValue =
  | string
  | number
  | boolean
  | Uint8Array
  | null
  | ReadonlyArray<string | number | boolean | Uint8Array | null>

/** A row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs one statement with its parameters (`$1`, `$2`, …); its rows. */
export type SqlQuery = <Row extends SqlRow>(
  text: string,
  params?: readonly SqlValue[],
) => Promise<readonly Row[]>

/**
 * Notes a statement that a transaction runs at its end, after all others and right before it commits. Its rows are
 * not told; where it fails, so does the transaction.
 */
export type SqlLast = (text: string, params?: readonly SqlValue[]) => void

/**
 * What Layerdock needs of a PostgreSQL client, so that another than the one that is built in can take its
 * place: `pg`, `Bun.SQL`, Hyperdrive. {@link sqlText} makes of a parameter the text that PostgreSQL reads.
 *
 * A row has text as a string, `boolean` as a boolean, integers as a number or as their digits, `bytea`
 * as a Uint8Array, and NULL as null; no other type is asked for.
 *
 * What the server refuses rejects with an error that has the SQLSTATE as `code`; every other error means
 * that the server was not reached, or that the connection ended.
 */
export interface SqlDriver {
  /** Runs one statement, which is a transaction of its own. */
  readonly query: SqlQuery
  /**
   * Runs `work` in one transaction, in READ COMMITTED: commits what it resolves with, and rolls back where it
   * rejects. `work` may begin several statements at once, and they run in the order in which they were begun.
   *
   * A driver that can send statements ahead of answers sends the beginning with the first of them, and gives `work` a
   * `last`, whose statements go with the commit: each saves a round trip.
   */
  transaction<T>(work: (query: SqlQuery, last?: SqlLast) => Promise<T>): Promise<T>
  /** Ends all connections; harmless when repeated. */
  close(): Promise<void>
}

/** Lets the statements of a transaction take as long as they need: a driver does not give them up. */
export const noTimeout = 'set local statement_timeout = 0'

/** A parameter as text, as PostgreSQL reads it; null is NULL. */
export function sqlText(value: SqlValue): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (value instanceof Uint8Array) return `\\x${toHex(value)}`
  return `{${value.map(elementText).join(',')}}`
}

function elementText(value: string | number | boolean | Uint8Array | null): string {
  if (value === null) return 'NULL'
  const text = sqlText(value) ?? ''
  // Digits, and the hex of digests, need no quotes.
  return plain.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

const plain = /^[0-9a-f]+$/
