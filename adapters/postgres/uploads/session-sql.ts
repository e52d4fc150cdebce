import { nowMs } from '../database.ts'

/** The time, in milliseconds since the epoch, as one row `clock(ms)`. `$1` is the offset of the clock. */
const clock = `clock as materialized (select ${nowMs} + $1::bigint as ms)`

/**
 * As {@link clock}, for changes that need not outlive the database's own death: whoever finds them undone
 * is as if it had come a moment earlier. They do not wait for the disk, nor for a standby.
 */
const quickClock = `clock as materialized (
  select ${nowMs} + $1::bigint as ms, set_config('synchronous_commit', 'off', true) as quick
)`

/** Adds `changes(owner, shard, sessions, bytes)` to the counts, in one order for all. */
const counted = `counted as (
  insert into upload_counts as counts (owner, shard, sessions, bytes)
  select key, shard, sum(sessions), sum(bytes)
  from changes, unnest(array['', owner]) as key
  group by key, shard
  having sum(sessions) <> 0 or sum(bytes) <> 0
  order by key, shard
  on conflict (owner, shard) do update
  set sessions = counts.sessions + excluded.sessions, bytes = counts.bytes + excluded.bytes
)`

/** `$1` is the owner. */
export const stagedBytes: string = `
  select coalesce(sum(bytes) filter (where owner = ''), 0)::bigint as total,
    coalesce(sum(bytes) filter (where owner = $1), 0)::bigint as own
  from upload_counts where owner in ('', $1)`

/** Of all owners, whose counts are in a few rows. */
export const figures: string = `
  select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(bytes), 0)::bigint as bytes
  from upload_counts where owner = ''`

/**
 * Adds the session `$2`, of owner `$3` and shard `$4`, with the text `$5`, bytes `$6` and spare `$7`, where
 * all have less than `$8` sessions and the owner less than `$9`. If `$10`, one without bytes makes way where that
 * is so much. It is of the repository `$11` and the principal `$12`.
 */
export const create: string = `
  with ${quickClock},
  room as materialized (
    select total < $8::bigint as of_all, own < $9::bigint as of_owner from (
      select coalesce(sum(sessions) filter (where owner = ''), 0) as total,
        coalesce(sum(sessions) filter (where owner = $3), 0) as own
      from upload_counts where owner in ('', $3)
    ) as counts
  ),
  largest as materialized (
    select case when of_owner then (
      select owner from uploads, clock
      where spare and claimed_until <= ms
      group by owner order by count(*) desc, owner limit 1
    ) else $3 end as owner
    from room where $10::boolean and not (of_all and of_owner)
  ),
  victim as materialized (
    select id from uploads, clock
    where owner = (select owner from largest) and spare and claimed_until <= ms
      and not exists (select from uploads where id = $2::uuid)
    order by touched_at, id limit 1 for update of uploads skip locked
  ),
  gone as (delete from uploads where id = (select id from victim) returning owner, shard, bytes),
  made as (
    insert into uploads (id, owner, shard, session, bytes, spare, touched_at, repository, principal)
    select $2::uuid, $3, $4::smallint, $5, $6::bigint, $7::boolean, ms, $11, $12
    from clock, room where of_all and of_owner or exists (select from gone)
    on conflict (id) do nothing returning owner, shard, bytes
  ),
  changes as (
    select owner, shard, 1 as sessions, bytes from made
    union all select owner, shard, -1, -bytes from gone
  ),
  ${counted}
  select exists (select from made) or exists (select from uploads where id = $2::uuid) as made,
    of_all, of_owner from room`

/** The session `$2`, unless it was idle for `$3`. */
export const find: string = `
  with ${clock}
  select session from uploads, clock
  where id = $2::uuid and (claimed_until > ms or touched_at > ms - $3::bigint)`

/**
 * Claims the session `$2` for `$3` for `$4`, unless it was idle for `$5`, or is of another repository than `$6` or
 * another principal than `$7`; null stands for any, and for what is not known of a session.
 */
export const claim: string = `
  with ${quickClock}
  update uploads set
    holder = case when claimed_until > ms then holder else $3 end,
    wanted = claimed_until > ms and (wanted or holder <> $3),
    claimed_until = case when claimed_until > ms and holder <> $3 then claimed_until
      else ms + $4::bigint end
  from clock
  where id = $2::uuid and (claimed_until > ms or touched_at > ms - $5::bigint)
    and ($6::text is null or repository is null or repository = $6)
    and ($7::text is null or principal is null or principal = $7)
  returning case when holder = $3 then session end as session`

/** Extends the claim of `$3` on the session `$2` to `$4` from now. */
export const renew: string = `
  with ${quickClock}
  update uploads set claimed_until = ms + $4::bigint
  from clock where id = $2::uuid and holder = $3 and claimed_until > ms
  returning wanted`

/** Ends the claim of `$2` on the session `$1`. */
export const release: string = `
  update uploads set holder = null, claimed_until = 0, wanted = false
  where id = $1::uuid and holder = $2 and set_config('synchronous_commit', 'off', true) = 'off'`

const held = `held as materialized (
  select id, owner, shard, bytes from uploads, clock
  where id = $2::uuid and holder = $3 and claimed_until > ms for update of uploads
)`

/**
 * Saves the session `$2`, held by `$3`, with the text `$4`, bytes `$5` and spare `$6`. Where the answer got lost,
 * the same again is true as well.
 */
export const save: string = `
  with ${clock}, ${held},
  saved as (
    update uploads set session = $4, bytes = $5::bigint, spare = $6::boolean, touched_at = ms,
      holder = null, claimed_until = 0, wanted = false, saved_by = $3
    from held, clock where uploads.id = held.id
    returning held.owner, held.shard, held.bytes as before
  ),
  changes as (select owner, shard, 0 as sessions, $5::bigint - before as bytes from saved),
  ${counted}
  select exists (select from saved)
    or exists (select from uploads where id = $2::uuid and saved_by = $3 and session = $4) as saved`

/**
 * Removes the session `$2`, held by `$3`. Its blob has its name by then, or its bytes are of no use: where the removal
 * is undone, the session ends by its age.
 */
export const remove: string = `
  with ${quickClock}, ${held},
  gone as (delete from uploads using held where uploads.id = held.id returning held.*),
  changes as (select owner, shard, -1 as sessions, -bytes as bytes from gone),
  ${counted}
  select exists (select from gone) as gone`

/** At most `$3` sessions that are unclaimed and were idle for `$2`, the longest idle first. */
export const expired: string = `
  with ${clock}
  select session from uploads, clock
  where touched_at <= ms - $2::bigint and claimed_until <= ms
  order by touched_at, id limit $3::bigint`

/** Removes counts of owners who have no sessions. */
export const prune: string = `
  delete from upload_counts where (owner, shard) in (
    select owner, shard from upload_counts where sessions = 0 and bytes = 0 for update skip locked
  )`
