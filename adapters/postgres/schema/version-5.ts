/** How often a table is cleaned up after whose rows come and go all the time: by their number, not by its size. */
const busy =
  'autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0'

/** Messages that wait for their endpoints. The table `outbox` of version 1 was never written. */
export const version5: string = `
drop table outbox;

-- Messages that wait. Those of an endpoint and a repository are delivered by id.
create table outbox (
  endpoint text collate "C" not null,
  id bigint generated always as identity,
  repository text collate "C" not null,
  text text not null,
  queued_at bigint not null,
  primary key (endpoint, id)
) with (${busy});
create index outbox_repository on outbox (endpoint, repository, id);

-- The oldest message of each endpoint and repository, as long as one waits: it alone can be claimed, so a claim costs
-- the same however many wait behind. next_at: due_at, or when its claim ends.
create table outbox_heads (
  endpoint text collate "C" not null,
  repository text collate "C" not null,
  head bigint not null,
  due_at bigint not null,
  next_at bigint not null,
  claim text,
  tries integer not null default 0,
  error text,
  primary key (endpoint, repository)
) with (fillfactor = 70, ${busy});
create index outbox_heads_next_at on outbox_heads (endpoint, next_at, head);

-- Messages that are not delivered any more, with the ids that they had in outbox.
create table dead_letters (
  endpoint text collate "C" not null,
  id bigint not null,
  repository text collate "C" not null,
  text text not null,
  queued_at bigint not null,
  due_at bigint not null,
  tries integer not null,
  error text,
  primary key (endpoint, id)
);

-- What each endpoint has: the sum of its shards, so that few changes wait for each other.
create table outbox_counts (
  endpoint text collate "C" not null,
  shard smallint not null,
  waiting bigint not null default 0,
  waiting_bytes bigint not null default 0,
  dead bigint not null default 0,
  dead_bytes bigint not null default 0,
  primary key (endpoint, shard)
) with (fillfactor = 50, ${busy});
`
