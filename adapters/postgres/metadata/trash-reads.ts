import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { Page, PageRequest, TrashEntry } from '../../../src/kit.ts'
import { type Database, nowMs } from '../database.ts'
import type { SqlValue } from '../sql-driver.ts'
import { boundText, textOfColumn } from './column-text.ts'
import { digestOfHex } from './digest-hex.ts'
import { type CountsRow, countsOfRow } from './repository-reads.ts'

/** Tags of a manifest that an entry names; the rest is counted. */
const namedTags = 100

/** A row of {@link entryColumns}. */
export interface EntryRow extends CountsRow {
  readonly id: string
  readonly kind: TrashEntry['kind']
  readonly name: RepositoryName
  readonly deleted_at: unknown
  readonly left: unknown
  readonly digest: string | null
  readonly tag: Tag | null
  readonly media_type: string | null
  readonly subject: string | null
  readonly size: unknown
  readonly first_tags: string | null
  readonly tag_count: unknown
}

/** What is told of the entry `d`; `$1` is the offset of the clock. */
export const entryColumns: string = `d.id, d.kind, d.name, d.deleted_at,
  greatest(d.ends_at - ${nowMs} - $1::bigint, 0) as left, encode(d.digest, 'hex') as digest, d.tag, d.media_type, d.subject,
  (select size from blobs where digest = d.digest and d.kind in ('manifest', 'blob')) as size,
  (select string_agg(t.name, ' ' order by t.name) from (
    select name from deleted_tags where entry = d.id order by entry, name limit ${namedTags}) as t) as first_tags,
  d.tag_count, d.manifests, d.tags, d.blobs, d.bytes, d.pushed_at`

const listText = (
  column: string,
  condition: string,
): string => `select ${entryColumns} from deleted d
  where d.id > $2 ${condition} order by ${column} d.id limit $3`

const allText = listText('', '')
const ofRepositoryText = listText('d.name,', 'and d.name = $4')

/** What can be brought back: of one repository's name, or of all. */
export async function listTrash(
  database: Database,
  { after, limit }: PageRequest,
  name?: RepositoryName,
): Promise<Page<TrashEntry>> {
  const params: SqlValue[] = [database.clockOffset, boundText(after), limit + 1]
  const rows =
    name === undefined
      ? await database.query<EntryRow>(allText, params)
      : await database.query<EntryRow>(ofRepositoryText, [...params, name])
  return { items: rows.slice(0, limit).map(entryOf), more: rows.length > limit }
}

/** The entry that a row has. */
export function entryOf(row: EntryRow): TrashEntry {
  const digest: Digest | null = row.digest === null ? null : digestOfHex(row.digest)
  return {
    id: row.id,
    kind: row.kind,
    repository: row.name,
    deletedAt: Number(row.deleted_at),
    leftMs: Number(row.left),
    ...(digest === null ? {} : { digest }),
    ...(row.tag === null ? {} : { tag: row.tag }),
    ...(row.media_type === null ? {} : { mediaType: textOfColumn(row.media_type) }),
    ...(row.subject === null ? {} : { subject: textOfColumn(row.subject) }),
    ...(row.size === null ? {} : { size: Number(row.size) }),
    tags: (row.first_tags?.split(' ') ?? []) as Tag[],
    tagCount: Number(row.tag_count),
    ...(row.kind === 'repository' && { counts: countsOfRow(row) }),
  }
}
