import type { RepositoryName } from '../../../src/index.ts'
import type { OutboxEntry, OutboxPageRequest, OutboxSelection, Page } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { textOfColumn } from '../metadata/column-text.ts'
import type { SqlRow } from '../sql-driver.ts'

/** Digits of an id, so that ids sort as their numbers do. */
const idDigits = 16

/** What the id of a row is called outside. */
export function entryId(id: unknown): string {
  return String(id).padStart(idDigits, '0')
}

/** The number of an id; 0, which no row has, where it is none of this store. */
export function idOf(id: string): number {
  return id.length === idDigits && /^\d+$/.test(id) ? Number(id) : 0
}

/** The number after which ids come that sort after a text, which need be none itself. */
function numberBefore(after: string): number {
  const [digits = ''] = /^\d{0,16}/.exec(after) ?? []
  if (digits.length === idDigits) return Number(digits)
  const isBeyond = (after[digits.length] ?? '') > '9'
  return isBeyond ? Number(digits.padEnd(idDigits, '9')) : Number(digits.padEnd(idDigits, '0')) - 1
}

/** Where a row is. */
export interface Place {
  readonly endpoint: string
  readonly repository: RepositoryName
  readonly id: number
}

interface EntryRow extends SqlRow {
  readonly id: unknown
  readonly endpoint: string
  readonly repository: RepositoryName
  readonly text: string
  readonly queued_at: unknown
  readonly due_at: unknown
  readonly tries: unknown
  readonly error: string | null
  readonly state: OutboxEntry['state']
}

/** Every endpoint that has rows; `$1`, where it is not null, alone. */
const endpoints = `select distinct endpoint from outbox_counts
    where $1::text is null or endpoint = $1`

/** Up to `$4` rows after `$2`, of the state `$3` or, where that is null, of both. */
const listText = `select x.*, coalesce(h.due_at, x.due) as due_at, coalesce(h.tries, x.tried) as tries,
    coalesce(h.error, x.failed) as error
  from (${endpoints}) as known
  cross join lateral (
    (select endpoint, id, repository, text, queued_at, queued_at as due, 0 as tried, null::text as failed, 'waiting' as state
      from outbox where endpoint = known.endpoint and id > $2 and $3::text is distinct from 'dead'
      order by endpoint, id limit $4)
    union all
    (select endpoint, id, repository, text, queued_at, due_at, tries, error, 'dead'
      from dead_letters where endpoint = known.endpoint and id > $2 and $3::text is distinct from 'waiting'
      order by endpoint, id limit $4)) as x
  left join lateral (
    select due_at, tries, error from outbox_heads
    where endpoint = x.endpoint and repository = x.repository and head = x.id offset 0) as h on true
  order by x.id limit $4`

/** What waits and what is dead, by id. */
export async function listEntries(
  database: Database,
  { after = '', limit, endpoint, state }: OutboxPageRequest,
): Promise<Page<OutboxEntry>> {
  const params = [endpoint ?? null, numberBefore(after), state ?? null, limit + 1]
  const rows = await database.query<EntryRow>(listText, params)
  return { items: rows.slice(0, limit).map(entryOf), more: rows.length > limit }
}

function entryOf(row: EntryRow): OutboxEntry {
  const { endpoint, repository, text, error, state } = row
  return {
    ...{ id: entryId(row.id), endpoint, repository, text, state },
    queuedAt: Number(row.queued_at),
    dueAt: Number(row.due_at),
    tries: Number(row.tries),
    error: error === null ? null : textOfColumn(error),
  }
}

const someText = `select x.endpoint, x.repository, x.id from (${endpoints}) as known
  cross join lateral (
    (select endpoint, id, repository from outbox
      where endpoint = known.endpoint and $2::text is distinct from 'dead' order by endpoint, id limit $3)
    union all
    (select endpoint, id, repository from dead_letters
      where endpoint = known.endpoint and $2::text is distinct from 'waiting' order by endpoint, id limit $3)) as x
  order by x.id limit $3`

const namedText = `select x.endpoint, x.repository, x.id
  from (select distinct endpoint from outbox_counts) as known
  cross join (select distinct id from unnest($1::bigint[]) as id) as wanted
  cross join lateral (
    (select endpoint, id, repository from outbox
      where endpoint = known.endpoint and id = wanted.id and $2::text is distinct from 'dead')
    union all
    (select endpoint, id, repository from dead_letters
      where endpoint = known.endpoint and id = wanted.id and $2::text is distinct from 'waiting')) as x
  order by x.id limit $3`

/** Up to `limit` of the rows that are meant and of the state, the oldest first; null stands for both states. */
export async function select(
  database: Database,
  which: OutboxSelection,
  only: OutboxEntry['state'] | null,
  limit: number,
): Promise<readonly Place[]> {
  const most = Math.max(limit, 0)
  const rows =
    'ids' in which
      ? await database.query<EntryRow>(namedText, [which.ids.map(idOf), only, most])
      : await selectBy(database, which, only, most)
  return rows.map(({ endpoint, repository, id }) => ({ endpoint, repository, id: Number(id) }))
}

function selectBy(
  database: Database,
  { endpoint, state }: Exclude<OutboxSelection, { readonly ids: readonly string[] }>,
  only: OutboxEntry['state'] | null,
  most: number,
): Promise<readonly EntryRow[]> {
  const isNone = only !== null && state !== undefined && state !== only
  const params = [endpoint ?? null, state ?? only, isNone ? 0 : most]
  return database.query<EntryRow>(someText, params)
}
