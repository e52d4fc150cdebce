import type { RepositoryName } from '../../../src/index.ts'
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
import { columnText, textOfColumn } from '../metadata/column-text.ts'
import type { SqlRow } from '../sql-driver.ts'
import { countOutbox } from './counts.ts'
import { entryId, idOf, listEntries, type Place, select } from './entries.ts'
import * as sql from './outbox-sql.ts'
import { Outgoing } from './outgoing.ts'
import { Trimmer } from './trimmer.ts'
import { WaitingWatch } from './waiting-watch.ts'

/** When heads are asked for again that are due, and another transaction has locked now, in milliseconds. */
const lockedMs = 50

/** Characters of an error that are kept. */
const longestError = 1000

interface ClaimedRow extends SqlRow {
  readonly endpoint: string
  readonly repository: RepositoryName
  readonly head: unknown
  readonly tries: unknown
  readonly error: string | null
  readonly due_at: unknown
}

/**
 * Messages in PostgreSQL, which any number of nodes deliver: a claim is a lease by the database's clock. Messages are put
 * there by {@link Outgoing}.
 */
export class PostgresOutbox implements Outbox {
  readonly outgoing: Outgoing
  readonly #database: Database
  readonly #watch: WaitingWatch
  readonly #trimmer: Trimmer

  constructor(database: Database) {
    this.#database = database
    this.#watch = new WaitingWatch(database)
    this.outgoing = new Outgoing(database, this.#watch.wake)
    this.#trimmer = new Trimmer(database, this.outgoing.shard())
  }

  async claim(endpoints: readonly string[], { limit, forMs }: ClaimOptions): Promise<OutboxClaims> {
    const names = [...new Set(endpoints)]
    const offset = this.#database.clockOffset
    const claim = crypto.randomUUID()
    const params = [offset, names, Math.max(limit, 0), claim, Math.ceil(forMs)]
    const rows = await this.#database.query<ClaimedRow>(sql.claim, params)
    const heads = rows.map(({ head }) => Number(head))
    const [found, [next]] = await Promise.all([
      this.#textsOf(rows),
      this.#database.query<{ left: unknown }>(sql.untilNext, [offset, names, heads]),
    ])
    const entries = rows.flatMap(({ head, endpoint, repository, tries, error, due_at }) => {
      const message = found.get(Number(head))
      // Dropped since.
      if (message === undefined) return []
      const dueAt = Number(due_at)
      return {
        ...{ id: entryId(head), endpoint, repository, ...message, tries: Number(tries), dueAt },
        ...{ error: error && textOfColumn(error), state: 'waiting' as const, claim },
      }
    })
    entries.sort((a, b) => (a.id < b.id ? -1 : 1))
    if (next?.left == null) return { entries, nextInMs: null }
    const least = rows.length < limit ? lockedMs : 0
    return { entries, nextInMs: Math.max(Number(next.left), least) }
  }

  async #textsOf(
    rows: readonly ClaimedRow[],
  ): Promise<ReadonlyMap<number, Pick<OutboxEntry, 'text' | 'queuedAt'>>> {
    if (rows.length === 0) return new Map()
    const found = await this.#database.query<{ id: unknown; text: string; queued_at: unknown }>(
      sql.texts,
      [rows.map(({ endpoint }) => endpoint), rows.map(({ head }) => Number(head))],
    )
    return new Map(
      found.map(({ id, text, queued_at }) => [Number(id), { text, queuedAt: Number(queued_at) }]),
    )
  }

  async delivered(entries: readonly OutboxEntry[]): Promise<void> {
    await this.#remove(entries.map(placeOf), { isQuick: true })
  }

  async #remove(places: readonly Place[], { isQuick = false } = {}): Promise<number> {
    if (places.length === 0) return 0
    const { endpoints, repositories, ids } = columnsOf(places)
    return this.#database.transaction(async (query, last) => {
      if (isQuick) last(sql.quick)
      await query(sql.lockHeads, [endpoints, repositories])
      const [row] = await query<{ count: unknown }>(sql.remove, [
        ...[this.outgoing.shard(), endpoints, ids],
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
    const { endpoints, ids } = columnsOf(places)
    return this.#database.transaction(async (query, _, committed) => {
      const [row] = await query<{ count: unknown }>(sql.putAgain, [
        ...[this.outgoing.shard(), endpoints, ids, this.#database.clockOffset],
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
