import type { RepositoryName, Tag } from '../../../src/index.ts'
import type { Page, PageRequest, TagRecord } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { boundText } from './column-text.ts'
import { digestOfHex } from './digest-hex.ts'
import { pageOf } from './pages.ts'

/** Tags of manifests that are gone are left out; there are hardly ever any, and they are read once. */
const namesText = `select t.name from repositories r
  cross join lateral (
    select array(select manifest from untagging u where u.repo = r.id) as manifests offset 0) as gone
  left join lateral (
    select t.name from tags t
    where t.repo = r.id and t.name > $2 and t.manifest <> all (gone.manifests)
    order by t.repo, t.name limit $3) as t on true
  where r.name = $1 and not r.deleted order by t.name`

const recordsText = `select t.name, encode(t.digest, 'hex') as digest, t.updated_at from repositories r
  left join lateral (
    select t.name, m.digest, t.updated_at from tags t join manifests m on m.id = t.manifest
    where t.repo = r.id and t.name > $2 order by t.repo, t.name limit $3) as t on true
  where r.name = $1 and not r.deleted order by t.name`

/** Tags of a repository; null when there is no such repository. */
export function listTags(
  database: Database,
  name: RepositoryName,
  { after, limit }: PageRequest,
): Promise<Page<Tag> | null> {
  const rows = database.query<{ name: Tag | null }>(namesText, [
    ...[name, boundText(after), limit + 1],
  ])
  return pageOf(rows, limit, (row) => row.name)
}

/** The same, with what each stands for. */
export function listTagRecords(
  database: Database,
  name: RepositoryName,
  { after, limit }: PageRequest,
): Promise<Page<TagRecord> | null> {
  const rows = database.query<{ name: Tag | null; digest: string; updated_at: unknown }>(
    recordsText,
    [name, boundText(after), limit + 1],
  )
  return pageOf(rows, limit, (row) =>
    row.name === null
      ? null
      : { tag: row.name, digest: digestOfHex(row.digest), updatedAt: Number(row.updated_at) },
  )
}
