import type { Digest, RepositoryName } from '../../../src/index.ts'
import type { DigestUse, ReferrerCount, RepositorySummary } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'
import { columnText, textOfColumn } from './column-text.ts'
import { hexOfDigest } from './digest-hex.ts'
import { type CountsRow, countColumns, countsOfRow, repositoryId } from './repository-reads.ts'

/** Artifact types that are counted apart; the rest is counted together. */
const mostTypes = 100

const referrersText = `select w.n, c.type, c.count
  from (select subject, n from unnest($2::text[]) with ordinality as wanted (subject, n)) as w
  cross join lateral (
    select case when rank <= ${mostTypes} then type else '*' end as type, sum(count)::bigint as count
    from (
      select coalesce(m.artifact_type, '') as type, count(*) as count,
        row_number() over (order by coalesce(m.artifact_type, '')) as rank
      from manifests m
      cross join lateral (select missing from blobs where digest = m.digest offset 0) as b
      where m.repo = ${repositoryId} and m.subject = w.subject and not b.missing
      group by coalesce(m.artifact_type, '')) as types
    group by rank > ${mostTypes}, 1) as c
  order by w.n, c.type = '*', c.type`

/** How many referrers of which artifact type each of the subjects has, in their order. */
export async function countReferrers(
  database: Database,
  name: RepositoryName,
  subjects: readonly string[],
): Promise<ReadonlyArray<readonly ReferrerCount[]>> {
  const counts: ReferrerCount[][] = subjects.map(() => [])
  if (subjects.length === 0) return counts
  const rows = await database.query<{ n: unknown; type: string; count: unknown }>(referrersText, [
    name,
    subjects.map(columnText),
  ])
  for (const { n, type, count } of rows) {
    counts[Number(n) - 1]?.push({ artifactType: textOfColumn(type), count: Number(count) })
  }
  return counts
}

const summariesText = `select w.n, c.*
  from (select name, n from unnest($1::text[]) with ordinality as wanted (name, n)) as w
  cross join lateral (
    select id from repositories where name = w.name and not deleted offset 0) as r
  cross join lateral (
    select ${countColumns} from repository_counts c where c.repo = r.id offset 0) as c`

/** What each of the repositories holds, in their order; null for one that is not there. */
export async function summarizeRepositories(
  database: Database,
  names: readonly RepositoryName[],
): Promise<ReadonlyArray<RepositorySummary | null>> {
  const summaries: Array<RepositorySummary | null> = names.map(() => null)
  if (names.length === 0) return summaries
  const rows = await database.query<CountsRow & { n: unknown }>(summariesText, [names])
  for (const row of rows) {
    const at = Number(row.n) - 1
    const repository = names[at]
    if (repository !== undefined) summaries[at] = { repository, ...countsOfRow(row) }
  }
  return summaries
}

/** Repositories that have a digest and are looked at, and manifests that name it and are counted. */
const mostHolders = 1000
const mostNamers = 100_000

const usesText = `select w.n, case when b.missing then 0 else b.size end as size, l.repo is not null as is_blob,
    m.repo is not null as is_manifest, f.named_by,
    case when e.recorded or e.named then true when e.looked <= ${mostHolders} then false end as is_elsewhere
  from (select ${repositoryId} as repo offset 0) as r
  cross join (select decode(hex, 'hex') as digest, n
    from unnest($2::text[]) with ordinality as wanted (hex, n)) as w
  cross join lateral (select size, missing from blobs where digest = w.digest offset 0) as b
  left join lateral (select repo from links where repo = r.repo and digest = w.digest offset 0) as l on true
  left join lateral (select repo from manifests where repo = r.repo and digest = w.digest offset 0) as m on true
  cross join lateral (select count(*) as named_by from (
    select 1 from manifest_refs where repo = r.repo and child = w.digest
    order by repo, child, parent limit ${mostNamers}) as namers) as f
  cross join lateral (
    select coalesce(bool_or(h.is_recorded), false) as recorded, coalesce(bool_or(h.is_named), false) as named,
      count(*) as looked
    from (
      (select true as is_recorded, false as is_named from manifests o
        where o.digest = w.digest and o.repo <> r.repo
          and exists (select 1 from repositories where id = o.repo and not deleted)
        order by o.digest, o.repo limit 1)
      union all
      (select false, exists (select 1 from manifest_refs where repo = o.repo and child = w.digest)
          and exists (select 1 from repositories where id = o.repo and not deleted)
        from links o where o.digest = w.digest and o.repo <> r.repo
        order by o.digest, o.repo limit ${mostHolders} + 1)) as h) as e
  where l.repo is not null or m.repo is not null`

interface UseRow extends SqlRow {
  readonly n: unknown
  readonly size: unknown
  readonly is_blob: boolean
  readonly is_manifest: boolean
  readonly named_by: unknown
  readonly is_elsewhere: boolean | null
}

/** What the repository, and all others, have to do with each digest, in their order; null where it does not have it. */
export async function useOfDigests(
  database: Database,
  name: RepositoryName,
  digests: readonly Digest[],
): Promise<ReadonlyArray<DigestUse | null>> {
  const uses: Array<DigestUse | null> = digests.map(() => null)
  if (digests.length === 0) return uses
  const rows = await database.query<UseRow>(usesText, [name, digests.map(hexOfDigest)])
  for (const row of rows) {
    uses[Number(row.n) - 1] = {
      size: Number(row.size),
      isBlob: row.is_blob,
      isManifest: row.is_manifest,
      namedBy: Number(row.named_by),
      isElsewhere: row.is_elsewhere,
    }
  }
  return uses
}
