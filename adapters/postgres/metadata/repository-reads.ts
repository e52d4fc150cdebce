import type { RepositoryName } from '../../../src/index.ts'
import type { Page, PageRequest, RepositoryCounts } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { boundText } from './column-text.ts'

/** The repository `$1`, found before anything is looked for in it. */
export const repositoryId: string = '(select id from repositories where name = $1 and not deleted)'

/** A row of {@link countColumns}. */
export interface CountsRow extends SqlRow {
  readonly manifests: unknown
  readonly tags: unknown
  readonly blobs: unknown
  readonly bytes: unknown
  readonly pushed_at: unknown
}

/** What is told of the row `c` of counts. */
export const countColumns: string = 'c.manifests, c.tags, c.blobs, c.bytes, c.pushed_at'

/** The counts that a row has. */
export function countsOfRow(row: CountsRow): RepositoryCounts {
  return {
    manifests: Number(row.manifests),
    tags: Number(row.tags),
    blobs: Number(row.blobs),
    bytes: Number(row.bytes),
    ...(row.pushed_at === null ? {} : { pushedAt: Number(row.pushed_at) }),
  }
}

const hasText = 'select 1 from repositories where name = $1 and not deleted'

const listText = `select name from repositories where name > $1 and not deleted
  order by name limit $2`

const countText = `select ${countColumns} from repository_counts c
  where repo = ${repositoryId}`

export async function hasRepository(database: Database, name: RepositoryName): Promise<boolean> {
  return (await database.query(hasText, [name])).length > 0
}

/** Names of repositories. */
export async function listRepositories(
  database: Database,
  { after, limit }: PageRequest,
): Promise<Page<RepositoryName>> {
  const rows = await database.query<{ name: RepositoryName }>(listText, [
    ...[boundText(after), limit + 1],
  ])
  return { items: rows.slice(0, limit).map(({ name }) => name), more: rows.length > limit }
}

/** What a repository holds; null when there is no such repository. */
export async function countRepository(
  database: Database,
  name: RepositoryName,
): Promise<RepositoryCounts | null> {
  const [row] = await database.query<CountsRow>(countText, [name])
  return row === undefined ? null : countsOfRow(row)
}
