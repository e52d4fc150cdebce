import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { ManifestEntry, ManifestRecord, Page, PageRequest } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { hexAfter, hexOfDigest } from './digest-hex.ts'
import { pageOf } from './pages.ts'
import { type RecordRow, recordColumns, recordOf } from './records.ts'
import { repositoryId } from './repository-reads.ts'

const findText = `select ${recordColumns} from manifests m join blobs b on b.digest = m.digest
  where m.repo = ${repositoryId} and m.digest = decode($2, 'hex') and not b.missing`

const resolveText = `select ${recordColumns} from tags t
  join manifests m on m.id = t.manifest
  join blobs b on b.digest = m.digest
  where t.repo = ${repositoryId} and t.name = $2 and not b.missing`

/** Tags that are named in a list of manifests; the rest is counted. */
const namedTags = 100

const listText = `select m.* from repositories r
  left join lateral (
    select ${recordColumns}, m.tag_count,
      (select string_agg(t.name, ' ' order by t.name) from (
        select name from tags where manifest = m.id order by manifest, name limit ${namedTags}) as t) as tags
    from manifests m join blobs b on b.digest = m.digest
    where m.repo = r.id and m.digest >= decode($2, 'hex') and not b.missing
    order by m.repo, m.digest limit $3) as m on true
  where r.name = $1 and not r.deleted order by m.digest`

/** A manifest of a repository, unless its bytes are missing. */
export async function findManifest(
  database: Database,
  name: RepositoryName,
  digest: Digest,
): Promise<ManifestRecord | null> {
  const [row] = await database.query<RecordRow>(findText, [name, hexOfDigest(digest)])
  return row === undefined ? null : recordOf(row)
}

/** The manifest that a tag stands for, unless its bytes are missing. */
export async function resolveTag(
  database: Database,
  name: RepositoryName,
  tag: Tag,
): Promise<ManifestRecord | null> {
  const [row] = await database.query<RecordRow>(resolveText, [name, tag])
  return row === undefined ? null : recordOf(row)
}

/** Manifests of a repository, by digest; null when there is no such repository. */
export function listManifests(
  database: Database,
  name: RepositoryName,
  { after, limit }: PageRequest,
): Promise<Page<ManifestEntry> | null> {
  const rows = database.query<
    RecordRow & { digest: string | null; tags: string | null; tag_count: unknown }
  >(listText, [name, hexAfter(after), limit + 1])
  return pageOf(rows, limit, (row) => {
    if (row.digest === null) return null
    const tags = (row.tags?.split(' ') ?? []) as Tag[]
    return { record: recordOf(row), tags, tagCount: Number(row.tag_count) }
  })
}
