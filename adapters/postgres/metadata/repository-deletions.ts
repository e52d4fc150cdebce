import type { RepositoryName } from '../../../src/index.ts'
import type { RepositoryCounts, RepositoryDeletion, Tell } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { Outgoing } from '../outbox/outgoing.ts'
import { clearRepository } from './clearing.ts'
import { periodOf } from './leases.ts'
import { lockRepositories } from './load.ts'
import { type CountsRow, countColumns, countsOfRow } from './repository-reads.ts'

interface GoneRow extends CountsRow {
  readonly id: unknown
}

const deleteText = `with gone as (
    update repositories set deleted = true where name = $1 and not deleted returning id)
  select gone.id, ${countColumns}
  from gone join repository_counts c on c.repo = gone.id`

const trashText = `with gone as (
    update repositories set deleted = true, trashed = true, keep_until = ${nowMs} + $2::bigint
    where name = $1 and not deleted returning id, keep_until),
  counted as (
    select gone.*, ${countColumns}
    from gone join repository_counts c on c.repo = gone.id),
  entry as (
    insert into deleted (kind, name, repo, deleted_at, ends_at, manifests, tags, blobs, bytes, pushed_at)
    select 'repository', $1, id, ${nowMs} + $3::bigint, keep_until, manifests, tags, blobs, bytes,
      pushed_at from counted)
  select id, ${countColumns} from counted c`

/** Removes a repository: it vanishes at once, and its content goes in steps, or once it cannot be brought back. */
export async function deleteRepository(
  database: Database,
  name: RepositoryName,
  { trashMs = 0, tell }: RepositoryDeletion,
  outgoing: Outgoing,
): Promise<RepositoryCounts | null> {
  const gone = await database.transaction(async (query, last, committed) => {
    const isLocked = query(lockRepositories, [[name]])
    const rows =
      trashMs > 0
        ? query<GoneRow>(trashText, [name, ...periodOf(database, trashMs)])
        : query<GoneRow>(deleteText, [name])
    await isLocked
    const [row] = await rows
    if (row === undefined) return null
    const counts = countsOfRow(row)
    outgoing.put([{ repository: name, messages: tell?.(counts) ?? [] }], last, committed)
    return { id: Number(row.id), counts }
  })
  if (gone === null) return null
  if (trashMs === 0) await clearRepository(database, gone.id)
  return gone.counts
}

const emptyText = `select id, name from repositories where empty and not deleted
    and ($2::text[] is null or name = any ($2::text[]))
  order by name limit $1`

const deleteEmptyText = `with gone as (
    delete from repositories where id = any ($1::bigint[]) and empty and not deleted
    returning id, name),
  uncounted as (delete from repository_counts c using gone where c.repo = gone.id)
  select name from gone order by name`

interface EmptyDeletion {
  readonly tell: Tell<RepositoryName> | undefined
  readonly among: readonly RepositoryName[] | undefined
  readonly outgoing: Outgoing
}

/** Removes up to `limit` repositories that hold nothing, of `among` where it is given; their names. */
export async function deleteEmptyRepositories(
  database: Database,
  limit: number,
  { among, tell, outgoing }: EmptyDeletion,
): Promise<readonly RepositoryName[]> {
  const names: RepositoryName[] = []
  while (names.length < limit) {
    const most = Math.min(limit - names.length, repositoriesAtOnce)
    const found = await database.query<{ id: unknown; name: RepositoryName }>(emptyText, [
      most,
      among ?? null,
    ])
    const gone = await database.transaction(async (query, last, committed) => {
      await query(lockRepositories, [found.map(({ name }) => name)])
      const ids = found.map(({ id }) => Number(id))
      const rows = await query<{ name: RepositoryName }>(deleteEmptyText, [ids])
      const told = rows.map(({ name }) => ({ repository: name, messages: tell?.(name) ?? [] }))
      outgoing.put(told, last, committed)
      return rows
    })
    for (const { name } of gone) names.push(name)
    if (gone.length < most) break
  }
  return names
}

/** Repositories that are locked in one transaction at most. */
const repositoriesAtOnce = 32
