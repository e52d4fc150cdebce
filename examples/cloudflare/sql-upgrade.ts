import { upgradeFirst, upgradeSecond } from './sql-earlier.ts'
import { tables } from './sql-tables.ts'

/** What tables are made as now. */
const format = 3

/**
 * Makes the tables of an empty object, or brings those of an earlier version up to date: in one
 * transaction, so that this is done wholly or not at all.
 *
 * @param now milliseconds since the epoch: what has no time of its own in an earlier version gets this
 * @throws Error where a later version made the tables: they are left alone.
 */
export function prepareTables(storage: DurableObjectStorage, now: number): void {
  const { sql } = storage
  storage.transactionSync(() => {
    sql.exec('CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)')
    const [row] = sql.exec<{ version: number }>('SELECT version FROM format').toArray()
    if (row?.version === format) return
    if (row?.version === 2) return upgradeSecond(sql)
    if (row !== undefined) throw new Error(`the tables are of format ${row.version}, not ${format}`)
    const first = sql.exec(`SELECT 1 FROM sqlite_master WHERE name = 'bytes'`).toArray()
    if (first.length === 0) sql.exec(tables)
    else upgradeFirst(sql, now)
    sql.exec('INSERT INTO format VALUES (?)', format)
  })
}
