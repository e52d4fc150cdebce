import { nowMs } from '../database.ts'

// Statements of the outbox. All of them lock rows of `outbox_heads` by endpoint and repository, then messages and dead
// letters, and then rows of `outbox_counts`, so that no two wait for each other.

/** Adds up `changes(endpoint, waiting, waiting_bytes, dead, dead_bytes)` in the shard `$1`; how many they are. */
const counted = `counted as (
  insert into outbox_counts as c (endpoint, shard, waiting, waiting_bytes, dead, dead_bytes)
  select endpoint, $1::smallint, sum(waiting), sum(waiting_bytes), sum(dead), sum(dead_bytes)
  from changes group by endpoint order by endpoint
  on conflict (endpoint, shard) do update
  set waiting = c.waiting + excluded.waiting, waiting_bytes = c.waiting_bytes + excluded.waiting_bytes,
    dead = c.dead + excluded.dead, dead_bytes = c.dead_bytes + excluded.dead_bytes)
  select count(*) from changes`

/**
 * Makes a message the head where none waits. Otherwise it only locks the row of the head: who delivers the head
 * looks for the next message once it has the lock, so either it sees this one, or this one finds no head.
 */
const headed = `insert into outbox_heads (endpoint, repository, head, due_at, next_at)
    select distinct on (endpoint, repository) endpoint, repository, id, queued_at, queued_at from fresh
    order by endpoint, repository, id
    on conflict (endpoint, repository) do update set head = outbox_heads.head where false
    returning 1`

/** Puts messages at the end of their queues, in their order. The clock's offset is `$2`. */
export const put: string = `with clock as materialized (select ${nowMs} + $2::bigint as ms),
  fresh as (
    insert into outbox (endpoint, repository, text, queued_at)
    select endpoint, repository, text, clock.ms
    from clock, unnest($3::text[], $4::text[], $5::text[]) with ordinality as each (endpoint, repository, text, n)
    order by n
    returning endpoint, repository, id, queued_at, octet_length(text) as bytes),
  headed as (${headed}),
  changes as (
    select fresh.endpoint, 1 as waiting, fresh.bytes as waiting_bytes, 0 as dead, 0 as dead_bytes
    from fresh, (select count(*) from headed) as first),
  ${counted}`

/** Puts dead letters there again, with other ids; how many. The clock's offset is `$4`. */
export const putAgain: string = `with gone as (
    delete from dead_letters d using unnest($2::text[], $3::bigint[]) as each (endpoint, id)
    where d.endpoint = each.endpoint and d.id = each.id
    returning d.endpoint, d.id, d.repository, d.text),
  clock as materialized (select ${nowMs} + $4::bigint as ms),
  fresh as (
    insert into outbox (endpoint, repository, text, queued_at)
    select endpoint, repository, text, clock.ms from clock, gone order by id
    returning endpoint, repository, id, queued_at, octet_length(text) as bytes),
  headed as (${headed}),
  changes as (
    select fresh.endpoint, 1 as waiting, fresh.bytes as waiting_bytes, -1 as dead, -fresh.bytes as dead_bytes
    from fresh, (select count(*) from headed) as first),
  ${counted}`

/** Rows that need not outlive the database's own death, since a message is then delivered once more. */
const quickly = "set_config('synchronous_commit', 'off', true) as quick"

/**
 * Claims up to `$3` heads of the endpoints `$2` that are due, under `$4` for `$5` milliseconds. Those that another node
 * has locked are passed over. There is one row for each, or one without; `left` says in how many milliseconds another
 * can be claimed.
 */
export const claim: string = `with clock as materialized (select ${nowMs} + $1::bigint as ms, ${quickly}),
  due as materialized (
    select first.* from unnest($2::text[]) as wanted (endpoint) cross join lateral (
      select endpoint, repository, head, due_at, next_at from outbox_heads
      where endpoint = wanted.endpoint and next_at <= (select ms from clock)
      order by endpoint, next_at, head limit $3 for update skip locked) as first),
  chosen as materialized (select * from due order by next_at, head limit $3),
  claimed as (
    update outbox_heads h set claim = $4, next_at = clock.ms + $5::bigint
    from chosen cross join clock
    where h.endpoint = chosen.endpoint and h.repository = chosen.repository
    returning h.endpoint, h.repository, h.head, h.tries, h.error, chosen.due_at)
  select others.left, claimed.*, o.text, o.queued_at
  from (
    select min(first.next_at) - (select ms from clock) as left
    from unnest($2::text[]) as wanted (endpoint) cross join lateral (
      select next_at from outbox_heads
      where endpoint = wanted.endpoint and head <> all (array(select head from chosen))
      order by endpoint, next_at limit 1) as first) as others
  left join claimed on true
  left join lateral (
    select text, queued_at from outbox where endpoint = claimed.endpoint and id = claimed.head offset 0) as o on true`

/** The messages `$2` of the endpoints `$1`. */
export const texts: string = `select o.id, o.text, o.queued_at
  from unnest($1::text[], $2::bigint[]) as each (endpoint, id)
  cross join lateral (
    select id, text, queued_at from outbox where endpoint = each.endpoint and id = each.id offset 0) as o`

/** Whether any head is due. */
export const isAnyDue: string = `with clock as materialized (select ${nowMs} + $1::bigint as ms)
  select 1 as due
  from (select distinct endpoint from outbox_counts) as known cross join lateral (
    select 1 from outbox_heads where endpoint = known.endpoint and next_at <= (select ms from clock)
    order by endpoint, next_at limit 1) as first
  limit 1`

const places = `select distinct endpoint collate "C" as endpoint, repository collate "C" as repository
    from unnest($1::text[], $2::text[]) as each (endpoint, repository) order by 1, 2`

/** Locks the heads of endpoints and repositories, while messages come and go. */
export const lockHeads: string = `select h.head from (${places}) as each
  cross join lateral (select head from outbox_heads
    where endpoint = each.endpoint and repository = each.repository for update) as h`

/** Notes which messages are the oldest of their repositories by now. The heads are locked. */
export const moveHeads: string = `with next as materialized (
    select each.endpoint, each.repository, o.id, o.queued_at from (${places}) as each
    left join lateral (
      select id, queued_at from outbox where endpoint = each.endpoint and repository = each.repository
      order by endpoint, repository, id limit 1) as o on true),
  gone as (
    delete from outbox_heads h using next
    where h.endpoint = next.endpoint and h.repository = next.repository and next.id is null)
  update outbox_heads h set head = next.id, due_at = next.queued_at, next_at = next.queued_at, claim = null,
    tries = 0, error = null
  from next where h.endpoint = next.endpoint and h.repository = next.repository and next.id <> h.head`

/** Ends messages and dead letters; how many. */
export const remove: string = `with each as (select endpoint, id from unnest($2::text[], $3::bigint[]) as each (endpoint, id)),
  gone as (
    delete from outbox o using each where o.endpoint = each.endpoint and o.id = each.id
    returning o.endpoint, octet_length(o.text) as bytes),
  gone_dead as (
    delete from dead_letters d using each where d.endpoint = each.endpoint and d.id = each.id
    returning d.endpoint, octet_length(d.text) as bytes),
  changes as (
    select endpoint, -1 as waiting, -bytes as waiting_bytes, 0 as dead, 0 as dead_bytes from gone
    union all select endpoint, 0, 0, -1, -bytes from gone_dead),
  ${counted}`

/**
 * Makes messages dead letters; how many. `$5` more deliveries of each failed, the last with the error `$4`; where that
 * is 0, an error that is there stays. The heads are locked.
 */
export const bury: string = `with gone as (
    delete from outbox o using unnest($2::text[], $3::bigint[]) as each (endpoint, id)
    where o.endpoint = each.endpoint and o.id = each.id
    returning o.endpoint, o.id, o.repository, o.text, o.queued_at),
  buried as (
    insert into dead_letters (endpoint, id, repository, text, queued_at, due_at, tries, error)
    select gone.endpoint, gone.id, gone.repository, gone.text, gone.queued_at, coalesce(h.due_at, gone.queued_at),
      coalesce(h.tries, 0) + $5::integer, case when $5::integer > 0 then $4 else coalesce(h.error, $4) end
    from gone left join lateral (
      select due_at, tries, error from outbox_heads
      where endpoint = gone.endpoint and repository = gone.repository and head = gone.id offset 0) as h on true
    returning endpoint, octet_length(text) as bytes),
  changes as (
    select endpoint, -1 as waiting, -bytes as waiting_bytes, 1 as dead, bytes as dead_bytes from buried),
  ${counted}`

/** Locks a head while it is under a claim; no row where it is not. */
export const lockClaimed: string = `select head from outbox_heads
  where endpoint = $1 and repository = $2 and head = $3::bigint and claim = $4 for update`

/** Lets a head that is under the claim `$5` wait for `$6` milliseconds, since its delivery failed as `$7` says. */
export const retry: string = `with clock as materialized (select ${nowMs} + $1::bigint as ms, ${quickly})
  update outbox_heads h
  set due_at = clock.ms + $6::bigint, next_at = clock.ms + $6::bigint, claim = null, tries = h.tries + 1, error = $7
  from clock where h.endpoint = $2 and h.repository = $3 and h.head = $4::bigint and h.claim = $5`

/** Gives heads back that are under their claims. */
export const release: string = `with quick as materialized (select ${quickly}),
  held as materialized (
    select h.endpoint, h.repository from (
      select endpoint collate "C" as endpoint, repository collate "C" as repository, id, claim
      from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as each (endpoint, repository, id, claim)
      order by 1, 2) as each
    cross join quick
    cross join lateral (select endpoint, repository from outbox_heads
      where endpoint = each.endpoint and repository = each.repository and head = each.id and claim = each.claim
      for update) as h)
  update outbox_heads h set next_at = h.due_at, claim = null from held
  where h.endpoint = held.endpoint and h.repository = held.repository`

/** Lets a transaction end before it is on disk. */
export const quick: string = `select ${quickly}`
