/**
 * The tables. A change of a repository holds the advisory lock of its name, so that its rows need no locks of their
 * own; rows of blobs are shared by repositories, and a collection deletes one only where nothing refers to it. Times are milliseconds since the epoch by the database's clock. A digest is one byte for its
 * algorithm and the bytes of the hash, which sorts as its text does. Names sort by their bytes.
 */
export const version1: string = `
-- A repository that is deleted has vanished for all readers; its content is cleared in steps.
-- empty: whether it holds nothing.
create table repositories (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  deleted boolean not null default false,
  empty boolean not null default true,
  created_at bigint not null
);
create unique index repositories_name on repositories (name) where not deleted;
create index repositories_deleted on repositories (id) where deleted;
create index repositories_empty on repositories (name) where empty and not deleted;

-- What a repository holds, as it changes: so that nothing is ever counted. Free room in each page lets a new
-- version of a row take its place beside the old one.
create table repository_counts (
  repo bigint primary key,
  manifests bigint not null default 0,
  tags bigint not null default 0,
  blobs bigint not null default 0,
  bytes bigint not null default 0
) with (fillfactor = 50);

-- The key that counts for a digest. A key is never used twice.
create table blobs (
  digest bytea primary key,
  size bigint not null,
  key text collate "C" not null,
  missing boolean not null default false,
  created_at bigint not null
);
create index blobs_key on blobs (key);
create index blobs_missing on blobs (digest) where missing;

-- Blobs of a repository. keep_until is null where a manifest named the blob when it was last reviewed.
create table links (
  repo bigint not null,
  digest bytea not null references blobs,
  keep_until bigint,
  primary key (repo, digest)
);
create index links_digest on links (digest, repo);
create index links_due on links (keep_until) where keep_until is not null;

-- refs: the digests that the manifest names, one after the other. annotations: keys and values in turn, as JSON.
-- tagged: how often a tag was set to it.
create table manifests (
  id bigint generated always as identity primary key,
  repo bigint not null,
  digest bytea not null references blobs,
  media_type text not null,
  artifact_type text collate "C",
  subject text collate "C",
  annotations text,
  refs bytea not null,
  pushed_at bigint not null,
  tag_count integer not null default 0,
  tagged integer not null default 0
) with (fillfactor = 80);
create unique index manifests_place on manifests (repo, digest);
create index manifests_digest on manifests (digest, repo);
create index manifests_subject on manifests (repo, subject, digest) where subject is not null;
create index manifests_artifact_type on manifests (repo, subject, artifact_type, digest)
  where subject is not null and artifact_type is not null;

-- Which manifests name a digest. The child need not be there.
create table manifest_refs (
  repo bigint not null,
  child bytea not null,
  parent bytea not null,
  primary key (repo, child, parent)
);

-- A tag whose manifest is gone is gone as well; the row is cleared later. A list reads the index alone.
create table tags (
  repo bigint not null,
  name text collate "C" not null,
  manifest bigint not null,
  updated_at bigint not null,
  primary key (repo, name) include (manifest)
) with (fillfactor = 90);
create index tags_manifest on tags (manifest, name);

-- Manifests that are gone and still have rows of tags.
create table untagging (
  repo bigint not null,
  manifest bigint not null,
  primary key (repo, manifest)
);

-- Digests that lost a holder: a collection looks whether one is left.
create table review (
  digest bytea primary key,
  since bigint not null
);

-- Keys that nothing names, until their bytes are gone. due_at: from when on they may be deleted, and
-- then when that was last tried.
create table trash (
  key text collate "C" primary key,
  digest bytea not null,
  size bigint not null,
  due_at bigint not null
);
create index trash_due on trash (due_at);

-- owner: as JSON, so that null is one too. spare: whether it has no bytes, and may make way for another.
-- saved_by: the holder that saved it last.
create table uploads (
  id uuid primary key,
  owner text collate "C" not null,
  shard smallint not null,
  session text not null,
  bytes bigint not null,
  spare boolean not null,
  touched_at bigint not null,
  holder text,
  claimed_until bigint not null default 0,
  wanted boolean not null default false,
  saved_by text
) with (fillfactor = 70);
create index uploads_touched on uploads (touched_at, id);
create index uploads_spare on uploads (owner, touched_at, id) where spare;

-- Sessions and their bytes: of each owner, and of all under an empty name. The sum of the shards counts, so that
-- few changes wait for each other, and reading the sum costs the same for any number of sessions.
create table upload_counts (
  owner text collate "C" not null,
  shard smallint not null,
  sessions bigint not null,
  bytes bigint not null,
  primary key (owner, shard)
) with (fillfactor = 50);

-- Bytes that are kept here and not in an object store.
create table small_blobs (
  key text collate "C" primary key,
  digest text not null,
  bytes bytea not null,
  committed_at bigint not null
);
alter table small_blobs alter column bytes set storage external;

-- Secrets that all nodes share, and other small documents of theirs.
create table secrets (
  name text collate "C" primary key,
  value bytea not null,
  created_at bigint not null
);

-- Events that wait to be delivered.
create table outbox (
  id bigint generated always as identity primary key,
  event text not null,
  due_at bigint not null,
  tries integer not null default 0
);
create index outbox_due on outbox (due_at);
`
