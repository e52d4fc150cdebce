/**
 * What was deleted and can be brought back, and what is noted of the use of manifests. In the table `trash` of version 1
 * are keys whose bytes go next; what can be brought back is in `deleted`.
 */
export const version2: string = `
-- untagged_at: when its last tag left it; null while it has tags, and where it never had one. pulled_at: an hour.
alter table manifests add column untagged_at bigint;
alter table manifests add column pulled_at bigint;

-- trashed: whether a deleted repository can be brought back. keep_until: no link of it ends before, whatever its lease.
alter table repositories add column trashed boolean not null default false;
alter table repositories add column keep_until bigint not null default 0;
drop index repositories_deleted;
create index repositories_deleted on repositories (id) where deleted and not trashed;

-- Moments that are noted once.
create table moments (
  name text collate "C" primary key,
  at bigint not null
);

-- Tags, manifests, blobs and repositories that can be brought back until a collection after ends_at. Ids sort by age.
-- repo: of a repository. refs: as in manifests; needs: those of them that were manifests of the repository.
-- tag_count: tags of a manifest that can still be set again.
create sequence deleted_ids;
create table deleted (
  id text collate "C" primary key default lpad(nextval('deleted_ids')::text, 16, '0'),
  kind text collate "C" not null,
  name text collate "C" not null,
  deleted_at bigint not null,
  ends_at bigint not null,
  repo bigint,
  digest bytea,
  tag text collate "C",
  updated_at bigint,
  media_type text,
  artifact_type text collate "C",
  subject text collate "C",
  annotations text,
  refs bytea,
  needs bytea,
  pushed_at bigint,
  pulled_at bigint,
  tag_count bigint not null default 0,
  manifests bigint,
  tags bigint,
  blobs bigint,
  bytes bigint
);
create index deleted_name on deleted (name, id);
create index deleted_ends_at on deleted (ends_at, id);
create index deleted_repo on deleted (repo) where repo is not null;

-- Blobs that an entry of deleted keeps, its own bytes among them.
create table deleted_blobs (
  entry text collate "C" not null,
  digest bytea not null references blobs,
  primary key (entry, digest)
);
create index deleted_blobs_digest on deleted_blobs (digest);

-- Tags of manifests in deleted. Of those with many, the rest is still in tags, under an untagging with an entry.
create table deleted_tags (
  entry text collate "C" not null,
  name text collate "C" not null,
  updated_at bigint not null,
  primary key (entry, name)
);
alter table untagging add column entry text collate "C";
create index untagging_entry on untagging (entry) where entry is not null;

-- Who may use a session: principal as JSON, so that an anonymous caller's is one too. Null where it is older.
alter table uploads add column repository text collate "C";
alter table uploads add column principal text collate "C";

-- Entries that ended and still have rows in deleted_tags.
create table deleted_ended (
  entry text collate "C" primary key
);
`
