import type { OutboxLimits, OutboxTrimming } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { SqlQuery, SqlRow } from '../sql-driver.ts'
import { queryOf, type Stored, storedCounts } from './counts.ts'
import * as sql from './outbox-sql.ts'

/** Any number that other programs in the database are unlikely to lock. */
const lock = 7_309_453_206

const lockText = `select pg_try_advisory_xact_lock(${lock}) as locked`

/** Why a message is dead that was never delivered. */
const reason = 'too many messages waited for the endpoint'

/** Rows that one transaction moves at most. */
const rowsAtOnce = 1000

/** The oldest rows of the endpoint `$1`, until there are `$2` of them and `$3` bytes. */
const oldestIn = (rows: string): string => `select id, repository from (
    select id, repository, row_number() over (order by id) as n,
      sum(bytes) over (order by id rows unbounded preceding) - bytes as before
    from (select id, repository, octet_length(text) as bytes from ${rows}
      order by endpoint, id limit ${rowsAtOnce}) as oldest) as counted
  where n <= $2::bigint or before < $3::bigint order by id`

/** Without those that are being delivered; `$4` is the clock's offset. */
const oldestWaiting = oldestIn(`outbox o where endpoint = $1 and not exists (
        select from outbox_heads where endpoint = o.endpoint and repository = o.repository and head = o.id
          and claim is not null and next_at > ${nowMs} + $4::bigint)`)
const oldestDead = oldestIn('dead_letters where endpoint = $1')

interface OldestRow extends SqlRow {
  readonly id: unknown
  readonly repository: string
}

/** Holds endpoints to limits. Of nodes that do so at once, one does. */
export class Trimmer {
  readonly #database: Database
  readonly #shard: number
  /** How many dead letters of each endpoint were dropped. */
  readonly dropped: Map<string, number> = new Map()

  /** @param shard in which shard of the counts changes add up */
  constructor(database: Database, shard: number) {
    this.#database = database
    this.#shard = shard
  }

  async trim(limits: OutboxLimits): Promise<OutboxTrimming> {
    const sum = { buried: 0, dropped: 0 }
    for (const { endpoint, ...counts } of await storedCounts(queryOf(this.#database))) {
      if (!isOver(counts, limits)) continue
      const { buried, dropped } = await this.#trimOne(endpoint, limits)
      sum.buried += buried
      sum.dropped += dropped
      this.dropped.set(endpoint, (this.dropped.get(endpoint) ?? 0) + dropped)
    }
    return sum
  }

  /** In two transactions: one that buried would wait for dead letters with its counts locked. */
  async #trimOne(endpoint: string, limits: OutboxLimits): Promise<OutboxTrimming> {
    const buried = await this.#alone((query) => this.#bury(query, endpoint, limits))
    return { buried, dropped: await this.#alone((query) => this.#drop(query, endpoint, limits)) }
  }

  /** What is done in a transaction; 0 where another node trims. */
  #alone(work: (query: SqlQuery) => Promise<number>): Promise<number> {
    return this.#database.transaction(async (query) => {
      const [row] = await query<{ locked: unknown }>(lockText)
      return row?.locked === true ? work(query) : 0
    })
  }

  async #bury(query: SqlQuery, endpoint: string, limits: OutboxLimits): Promise<number> {
    const [counts] = await storedCounts(query, endpoint)
    if (counts === undefined) return 0
    const [n, bytes] = [counts.waiting - limits.waiting, counts.waitingBytes - limits.waitingBytes]
    const rows = await query<OldestRow>(oldestWaiting, [
      ...[endpoint, n, bytes, this.#database.clockOffset],
    ])
    if (rows.length === 0) return 0
    const endpoints = rows.map(() => endpoint)
    const repositories = rows.map(({ repository }) => repository)
    const ids = rows.map(({ id }) => Number(id))
    await query(sql.lockHeads, [endpoints, repositories])
    const [row] = await query<{ count: unknown }>(sql.bury, [
      this.#shard,
      endpoints,
      ids,
      reason,
      0,
    ])
    await query(sql.moveHeads, [endpoints, repositories])
    return Number(row?.count)
  }

  async #drop(query: SqlQuery, endpoint: string, limits: OutboxLimits): Promise<number> {
    const [counts] = await storedCounts(query, endpoint)
    if (counts === undefined) return 0
    const [n, bytes] = [counts.dead - limits.dead, counts.deadBytes - limits.deadBytes]
    const rows = await query<OldestRow>(oldestDead, [endpoint, n, bytes])
    if (rows.length === 0) return 0
    const ids = rows.map(({ id }) => Number(id))
    const params = [this.#shard, rows.map(() => endpoint), ids]
    const [row] = await query<{ count: unknown }>(sql.remove, params)
    return Number(row?.count)
  }
}

function isOver(counts: Omit<Stored, 'endpoint'>, limits: OutboxLimits): boolean {
  return (
    counts.waiting > limits.waiting ||
    counts.waitingBytes > limits.waitingBytes ||
    counts.dead > limits.dead ||
    counts.deadBytes > limits.deadBytes
  )
}
