import { type Database, nowMs } from '../database.ts'

/** Entries that one statement ends at most. */
const atOnce = 50
/** Tags of an entry that end with it; more are cleared later, in steps. */
const fewTags = 1000

/** Ends the entries that `due` selects from `deleted d`: what they kept is reviewed. `$1` is the offset of the clock. */
const endText = (due: string): string => `with due as materialized (
    ${due} for update of d skip locked),
  gone as (delete from deleted d using due where d.id = due.id returning d.id, d.repo, d.tag_count),
  released as (delete from deleted_blobs b using gone where b.entry = gone.id returning b.digest),
  untagged as (delete from deleted_tags t using gone
    where t.entry = gone.id and gone.tag_count <= ${fewTags}),
  many as (insert into deleted_ended (entry) select id from gone where tag_count > ${fewTags}),
  forgotten as (update untagging set entry = null where entry = any (array(select id from gone))),
  cleared as (update repositories r set trashed = false from gone where r.id = gone.repo),
  reviewed as (insert into review (digest, since)
    select distinct digest, ${nowMs} + $1::bigint from released order by digest
    on conflict (digest) do update set since = excluded.since)
  select id from gone`

const dueText = endText(`select d.id from deleted d
  where d.ends_at <= (select ${nowMs} + $1::bigint) order by d.ends_at, d.id limit $2`)
const oldestText = endText('select d.id from deleted d order by d.id limit $2')
const chosenText = endText(`select d.id from deleted d
  where d.id = any ($3::text[]) order by d.id limit $2`)

/** Ends the entries whose time is over. */
export async function endDue(database: Database): Promise<void> {
  const params = [database.clockOffset, atOnce]
  while ((await database.query(dueText, params)).length === atOnce);
}

/** Ends up to `limit` entries before their time, the oldest first; how many. */
export async function dropTrash(
  database: Database,
  ids: readonly string[] | 'all',
  limit: number,
): Promise<number> {
  const known = ids === 'all' ? null : ids.filter((id) => !id.includes('\0'))
  let ended = 0
  while (ended < limit) {
    const params = [database.clockOffset, Math.min(limit - ended, atOnce)]
    const gone =
      known === null
        ? await database.query(oldestText, params)
        : await database.query(chosenText, [...params, known])
    ended += gone.length
    if (gone.length === 0) break
  }
  return ended
}
