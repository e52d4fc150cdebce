import type {
  ClaimOptions,
  Outbox,
  OutboxClaims,
  OutboxCounts,
  OutboxEntry,
  OutboxLimits,
  OutboxPageRequest,
  OutboxSelection,
  OutboxTrimming,
  Page,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { Gathered } from '../gathered.ts'
import { columnText } from '../metadata/column-text.ts'
import { type ClaimRow, claimedEntries, isClaimed } from './claimed-rows.ts'
import { countOutbox } from './counts.ts'
import { idOf, listEntries, type Place, select } from './entries.ts'
import * as sql from './outbox-sql.ts'
import { Outgoing } from './outgoing.ts'
import { Trimmer } from './trimmer.ts'
import { WaitingWatch } from './waiting-watch.ts'

/** When heads are asked for again that are due, and another transaction has locked now, in milliseconds. */
const lockedMs = 50

/** Characters of an error that are kept. */
const longestError = 1000

/**
 * Messages in PostgreSQL, which any number of nodes deliver: a claim is a lease by the database's clock. Messages are put
 * there by {@link Outgoing}.
 */
export class PostgresOutbox implements Outbox {
  readonly outgoing: Outgoing
  readonly #database: Database
  readonly #watch: WaitingWatch
  readonly #trimmer: Trimmer
  readonly #deliveries: Gathered<readonly Place[]>

  constructor(database: Database) {
    this.#database = database
    this.#watch = new WaitingWatch(database)
    this.outgoing = new Outgoing(database, this.#watch.wake)
    this.#trimmer = new Trimmer(database, this.outgoing.shard())
    const together = { items: 100, bytes: 1, writes: 1 }
    this.#deliveries = new Gathered((lot) => this.#remove(lot.flat(), { isQuick: true }), together)
  }

  async claim(endpoints: readonly string[], { limit, forMs }: ClaimOptions): Promise<OutboxClaims> {
    const claim = crypto.randomUUID()
    const most = Math.max(limit, 0)
    const ms = Math.ceil(forMs)
    const rows = await this.#database.query<ClaimRow>(sql.claim, [
      ...[this.#database.clockOffset, [...new Set(endpoints)], most, claim, ms],
    ])
    const claimed = rows.filter(isClaimed)
    const entries = await claimedEntries(this.#database, claimed, claim)
    const left = rows[0]?.left == null ? [] : [Number(rows[0].left)]
    const ends = claimed.length > 0 ? [ms] : []
    if (left.length + ends.length === 0) return { entries, nextInMs: null }
    const least = claimed.length < most ? lockedMs : 0
    return { entries, nextInMs: Math.max(Math.min(...left, ...ends), least) }
  }

  /** Those that come while others are under way go together. */
  async delivered(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length > 0) await this.#deliveries.add(entries.map(placeOf))
  }

  async #remove(places: readonly Place[], { isQuick = false } = {}): Promise<number> {
    if (places.length === 0) return 0
    const { endpoints, repositories, ids } = columnsOf(places)
    return this.#database.transaction(async (query, last) => {
      if (isQuick) last(sql.quick)
      // One after the other, each with a look of its own at what is there.
      const [, [row]] = await Promise.all([
        query(sql.lockHeads, [endpoints, repositories]),
        query<{ count: unknown }>(sql.remove, [this.outgoing.shard(), endpoints, ids]),
      ])
      last(sql.moveHeads, [endpoints, repositories])
      return Number(row?.count)
    })
  }

  async retry(
    entry: OutboxEntry,
    { inMs, error }: { readonly inMs: number; readonly error: string },
  ): Promise<void> {
    if (entry.claim === undefined) return
    const { endpoint, repository, id, claim } = entry
    await this.#database.query(sql.retry, [
      ...[this.#database.clockOffset, endpoint, repository, idOf(id), claim],
      ...[Math.max(Math.ceil(inMs), 0), errorText(error)],
    ])
  }

  async bury(entry: OutboxEntry, error: string): Promise<void> {
    const { endpoint, repository, id, claim } = entry
    if (claim === undefined) return
    await this.#database.transaction(async (query, last) => {
      const params = [endpoint, repository, idOf(id), claim]
      if ((await query(sql.lockClaimed, params)).length === 0) return
      last(sql.bury, [this.outgoing.shard(), [endpoint], [idOf(id)], errorText(error), 1])
      last(sql.moveHeads, [[endpoint], [repository]])
    })
  }

  async release(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return
    const { endpoints, repositories, ids } = columnsOf(entries.map(placeOf))
    const claims = entries.map(({ claim }) => claim ?? null)
    await this.#database.query(sql.release, [endpoints, repositories, ids, claims])
  }

  list(page: OutboxPageRequest): Promise<Page<OutboxEntry>> {
    return listEntries(this.#database, page)
  }

  async resend(which: OutboxSelection, limit: number): Promise<number> {
    const places = await select(this.#database, which, 'dead', limit)
    if (places.length === 0) return 0
    const { endpoints, repositories, ids } = columnsOf(places)
    return this.#database.transaction(async (query, _, committed) => {
      // Heads before dead letters: what ends both locks in this order too.
      const [, [row]] = await Promise.all([
        query(sql.lockHeads, [endpoints, repositories]),
        query<{ count: unknown }>(sql.putAgain, [
          ...[this.outgoing.shard(), endpoints, ids, this.#database.clockOffset],
        ]),
      ])
      committed(this.#watch.wake)
      return Number(row?.count)
    })
  }

  async drop(which: OutboxSelection, limit: number): Promise<number> {
    return this.#remove(await select(this.#database, which, null, limit))
  }

  counts(): Promise<readonly OutboxCounts[]> {
    return countOutbox(this.#database, this.outgoing.endpoints, this.#trimmer.dropped)
  }

  trim(limits: OutboxLimits): Promise<OutboxTrimming> {
    return this.#trimmer.trim(limits)
  }

  onWaiting(callback: () => void): () => void {
    return this.#watch.add(callback)
  }

  /** Asks the database no more. */
  close(): void {
    this.#watch.close()
  }
}

/** As much of an error as is kept, as a column has it. */
function errorText(error: string): string {
  return columnText(error.slice(0, longestError))
}

function placeOf({ endpoint, repository, id }: OutboxEntry): Place {
  return { endpoint, repository, id: idOf(id) }
}

function columnsOf(places: readonly Place[]): {
  readonly endpoints: string[]
  readonly repositories: string[]
  readonly ids: number[]
} {
  return {
    endpoints: places.map(({ endpoint }) => endpoint),
    repositories: places.map(({ repository }) => repository),
    ids: places.map(({ id }) => id),
  }
}
