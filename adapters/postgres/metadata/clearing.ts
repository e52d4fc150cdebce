import type { Database } from '../database.ts'
import type { SqlRow } from '../sql-driver.ts'

/** Rows that one statement removes at most, so that none runs for long. */
const rowsAtOnce = 2000

/** What a manifest or a link that goes leaves to be looked at; `gone` has the digests. */
const reviewGone = `insert into review (digest, since)
    select distinct digest, (extract(epoch from clock_timestamp()) * 1000)::bigint
    from gone order by digest
    on conflict (digest) do update set since = excluded.since`

const rowsOf = (table: string): string =>
  `select ctid from ${table} where repo = $1 limit ${rowsAtOnce} for update skip locked`

/** Steps that clear a repository, each of which is repeated until it finds nothing. */
const steps: readonly string[] = [
  `delete from tags where ctid = any (array(${rowsOf('tags')}))`,
  `delete from untagging where ctid = any (array(${rowsOf('untagging')}))`,
  `delete from manifest_refs where ctid = any (array(${rowsOf('manifest_refs')}))`,
  `with gone as (delete from manifests where ctid = any (array(${rowsOf('manifests')}))
     returning digest), reviewed as (${reviewGone})
   select 1 from gone`,
  `with gone as (delete from links where ctid = any (array(${rowsOf('links')}))
     returning digest), reviewed as (${reviewGone})
   select 1 from gone`,
]

/** Clears a repository that is deleted. Nothing finds it any more, so that no lock is needed. */
export async function clearRepository(database: Database, id: number): Promise<void> {
  for (const step of steps) {
    const text = step.startsWith('with') ? step : `${step} returning 1`
    while ((await database.query(text, [id])).length > 0);
  }
  await database.query('delete from repository_counts where repo = $1', [id])
  await database.query('delete from repositories where id = $1 and deleted and not trashed', [id])
}

/** Goes on with repositories whose deletion was cut off. */
export async function clearRepositories(database: Database): Promise<void> {
  for (;;) {
    const rows = await database.query<{ id: unknown }>(
      'select id from repositories where deleted and not trashed order by id limit 100',
      [],
    )
    for (const { id } of rows) await clearRepository(database, Number(id))
    if (rows.length < 100) return
  }
}

/** Tags go along to what can be brought back of their manifest, until that has ended. */
const untagText = `with gone_from as materialized (
    select entry from untagging where repo = $1 and manifest = $2 for share),
  left_over as (
    select t.ctid from tags t where t.manifest = $2 limit ${rowsAtOnce} for update skip locked),
  gone as (delete from tags where ctid = any (array(select ctid from left_over)) and manifest = $2
    returning name, updated_at),
  moved as (insert into deleted_tags (entry, name, updated_at)
    select entry, name, updated_at from gone cross join gone_from where entry is not null
    on conflict do nothing)
  select 1 from gone`

interface Untagging extends SqlRow {
  readonly repo: unknown
  readonly manifest: unknown
}

async function clearTagsOf(database: Database, rows: readonly Untagging[]): Promise<void> {
  for (const { repo, manifest } of rows) {
    const params = [Number(repo), Number(manifest)]
    while ((await database.query(untagText, params)).length > 0);
    await database.query('delete from untagging where repo = $1 and manifest = $2', params)
  }
}

/** Moves the tags that an entry of what can be brought back has yet to get. */
export async function moveTags(database: Database, entry: string): Promise<void> {
  const text = 'select repo, manifest from untagging where entry = $1'
  await clearTagsOf(database, await database.query<Untagging>(text, [entry]))
}

const endedText = `delete from deleted_tags where ctid = any (array(
    select ctid from deleted_tags where entry = $1 limit ${rowsAtOnce} for update skip locked))
  returning 1`

/** Clears the tags of manifests that are gone, and those of entries that ended. */
export async function clearTags(database: Database): Promise<void> {
  for (;;) {
    const text = 'select repo, manifest from untagging limit 100'
    const rows = await database.query<Untagging>(text, [])
    await clearTagsOf(database, rows)
    if (rows.length < 100) break
  }
  for (;;) {
    const text = 'select entry from deleted_ended order by entry limit 100'
    const rows = await database.query<{ entry: string }>(text, [])
    for (const { entry } of rows) {
      while ((await database.query(endedText, [entry])).length > 0);
      await database.query('delete from deleted_ended where entry = $1', [entry])
    }
    if (rows.length < 100) return
  }
}
