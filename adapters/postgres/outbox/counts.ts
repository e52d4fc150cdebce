import type { OutboxCounts } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlQuery, SqlRow } from '../sql-driver.ts'

/** What an endpoint has, without what only this process knows. */
export type Stored = Omit<OutboxCounts, 'dropped'>

interface CountsRow extends SqlRow {
  readonly endpoint: string
  readonly waiting: unknown
  readonly waiting_bytes: unknown
  readonly dead: unknown
  readonly dead_bytes: unknown
  readonly oldest_at: unknown
}

const countsText = `select c.*, (
    select queued_at from outbox where endpoint = c.endpoint order by endpoint, id limit 1) as oldest_at
  from (
    select endpoint, sum(waiting)::bigint as waiting, sum(waiting_bytes)::bigint as waiting_bytes,
      sum(dead)::bigint as dead, sum(dead_bytes)::bigint as dead_bytes
    from outbox_counts where $1::text is null or endpoint = $1 group by endpoint order by endpoint) as c`

/** What each endpoint has, or had; or one of them. */
export async function storedCounts(
  query: SqlQuery,
  endpoint: string | null = null,
): Promise<readonly Stored[]> {
  const rows = await query<CountsRow>(countsText, [endpoint])
  return rows.map((row) => ({
    endpoint: row.endpoint,
    waiting: Number(row.waiting),
    waitingBytes: Number(row.waiting_bytes),
    dead: Number(row.dead),
    deadBytes: Number(row.dead_bytes),
    oldestAt: row.oldest_at === null ? null : Number(row.oldest_at),
  }))
}

/** What each endpoint has that has anything, or is one of `told`. */
export async function countOutbox(
  database: Database,
  told: ReadonlySet<string>,
  dropped: ReadonlyMap<string, number>,
): Promise<readonly OutboxCounts[]> {
  const counts = (await storedCounts(queryOf(database))).map((stored) => {
    return { ...stored, dropped: dropped.get(stored.endpoint) ?? 0 }
  })
  return counts.filter(
    ({ endpoint, waiting, dead }) => waiting > 0 || dead > 0 || told.has(endpoint),
  )
}

/** Statements of a database, each by itself. */
export function queryOf(database: Database): SqlQuery {
  return (text, params = []) => database.query(text, params)
}
