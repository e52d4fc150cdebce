import type { Database } from '../database.ts'

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
  await database.query('delete from repositories where id = $1 and deleted', [id])
}

/** Goes on with repositories whose deletion was cut off. */
export async function clearRepositories(database: Database): Promise<void> {
  for (;;) {
    const rows = await database.query<{ id: unknown }>(
      'select id from repositories where deleted order by id limit 100',
      [],
    )
    for (const { id } of rows) await clearRepository(database, Number(id))
    if (rows.length < 100) return
  }
}

const untagText = `with left_over as (
    select t.ctid from tags t where t.manifest = $1 limit ${rowsAtOnce} for update skip locked)
  delete from tags where ctid = any (array(select ctid from left_over)) and manifest = $1 returning 1`

/** Clears the tags of manifests that are gone. */
export async function clearTags(database: Database): Promise<void> {
  for (;;) {
    const rows = await database.query<{ repo: unknown; manifest: unknown }>(
      'select repo, manifest from untagging limit 100',
      [],
    )
    for (const { repo, manifest } of rows) {
      while ((await database.query(untagText, [Number(manifest)])).length > 0);
      await database.query('delete from untagging where repo = $1 and manifest = $2', [
        Number(repo),
        Number(manifest),
      ])
    }
    if (rows.length < 100) return
  }
}
