import type { RepositoryName } from '../../../src/index.ts'
import type { Page, PageRequest, RepositoryCounts } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { boundText } from './column-text.ts'

/** The repository `$1`, found before anything is looked for in it. */
export const repositoryId: string = '(select id from repositories where name = $1 and not deleted)'

const hasText = 'select 1 from repositories where name = $1 and not deleted'

const listText = `select name from repositories where name > $1 and not deleted
  order by name limit $2`

const countText = `select manifests, tags, blobs, bytes from repository_counts
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
  const [row] = await database.query(countText, [name])
  if (row === undefined) return null
  const { manifests, tags, blobs, bytes } = row
  return {
    manifests: Number(manifests),
    tags: Number(tags),
    blobs: Number(blobs),
    bytes: Number(bytes),
  }
}
