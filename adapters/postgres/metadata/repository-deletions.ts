import type { RepositoryName } from '../../../src/index.ts'
import type { RepositoryCounts } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { clearRepository } from './clearing.ts'
import { lockRepositories } from './load.ts'

interface GoneRow extends SqlRow {
  readonly id: unknown
  readonly manifests: unknown
  readonly tags: unknown
  readonly blobs: unknown
  readonly bytes: unknown
}

const deleteText = `with gone as (
    update repositories set deleted = true where name = $1 and not deleted returning id)
  select gone.id, c.manifests, c.tags, c.blobs, c.bytes
  from gone join repository_counts c on c.repo = gone.id`

/** Removes a repository: it vanishes at once, and its content goes in steps. */
export async function deleteRepository(
  database: Database,
  name: RepositoryName,
): Promise<RepositoryCounts | null> {
  const gone = await database.transaction(async (query) => {
    await query(lockRepositories, [[name]])
    const [row] = await query<GoneRow>(deleteText, [name])
    return row ?? null
  })
  if (gone === null) return null
  await clearRepository(database, Number(gone.id))
  return {
    manifests: Number(gone.manifests),
    tags: Number(gone.tags),
    blobs: Number(gone.blobs),
    bytes: Number(gone.bytes),
  }
}

const emptyText = `select id, name from repositories where empty and not deleted
    and ($2::text[] is null or name = any ($2::text[]))
  order by name limit $1`

const deleteEmptyText = `with gone as (
    delete from repositories where id = any ($1::bigint[]) and empty and not deleted
    returning id, name),
  uncounted as (delete from repository_counts c using gone where c.repo = gone.id)
  select name from gone order by name`

/** Removes up to `limit` repositories that hold nothing; their names. */
export async function deleteEmptyRepositories(
  database: Database,
  limit: number,
  among?: readonly RepositoryName[],
): Promise<readonly RepositoryName[]> {
  const names: RepositoryName[] = []
  while (names.length < limit) {
    const most = Math.min(limit - names.length, repositoriesAtOnce)
    const found = await database.query<{ id: unknown; name: RepositoryName }>(emptyText, [
      most,
      among ?? null,
    ])
    const gone = await database.transaction(async (query) => {
      await query(lockRepositories, [found.map(({ name }) => name)])
      const ids = found.map(({ id }) => Number(id))
      return query<{ name: RepositoryName }>(deleteEmptyText, [ids])
    })
    for (const { name } of gone) names.push(name)
    if (gone.length < most) break
  }
  return names
}

/** Repositories that are locked in one transaction at most. */
const repositoriesAtOnce = 32
