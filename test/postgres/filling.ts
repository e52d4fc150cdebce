import type { SqlQuery } from '../../adapters/postgres/index.ts'

/** A digest of a number, in SQL. */
const digest = (number: string): string => `'\\x01'::bytea || sha256((${number})::text::bytea)`

/**
 * Fills the tables with `rows` blobs, of which a tenth are manifests, with links, tags, references, referrers and messages:
 * half of them in one repository, and one layer in all.
 */
export async function fill(query: SqlQuery, rows: number): Promise<void> {
  const repositories = Math.max(rows / 20, 1)
  const manifests = Math.max(rows / 10, 1)
  const home = `case when n % 2 = 0 then ids.first else ids.first + n % ${repositories} end`
  const ids = '(select min(id) as first from repositories) as ids'
  for (const text of [
    `insert into repositories (name, empty, created_at)
      select 'filled/' || n, false, 0 from generate_series(1, ${repositories}) n`,
    `insert into repository_counts (repo, manifests, tags, blobs) select id, 1, 1, 1 from repositories
      on conflict do nothing`,
    `insert into blobs (digest, size, key, created_at)
      select ${digest('n')}, n, 'filled/' || n, 0 from generate_series(1, ${rows}) n`,
    `insert into links (repo, digest, keep_until) select ${home}, ${digest('n')}, null
      from generate_series(1, ${rows}) n, ${ids}`,
    `insert into links (repo, digest, keep_until) select id, ${digest('1')}, null
      from repositories on conflict do nothing`,
    `insert into manifests (repo, digest, media_type, artifact_type, subject, refs, pushed_at, tag_count)
      select ${home}, ${digest('n')}, 'a/b', 'type/' || n % 3, 'sha256:' || n % 100, '', 0, 1
      from generate_series(1, ${manifests}) n, ${ids}`,
    `insert into manifest_refs (repo, child, parent) select repo, ${digest('1')}, digest from manifests`,
    `insert into tags (repo, name, manifest, updated_at) select repo, 'tag-' || id, id, 0 from manifests`,
    `insert into trash (key, digest, size, due_at)
      select 'trash/' || n, ${digest('n')}, 1, 1e15 from generate_series(1, ${manifests}) n`,
    `insert into deleted (kind, name, digest, deleted_at, ends_at, tag_count)
      select 'manifest', 'filled/' || n % 10, ${digest('n')}, 0, 1e15, 1 from generate_series(1, ${manifests}) n`,
    `insert into deleted_blobs (entry, digest) select id, digest from deleted`,
    `insert into deleted_tags (entry, name, updated_at) select id, 'gone', 0 from deleted`,
    `insert into repositories (name, deleted, trashed, created_at)
      select 'filled/' || n, true, true, 0 from generate_series(1, ${repositories}) n`,
    `insert into outbox (endpoint, repository, text, queued_at)
      select 'filled', 'filled/' || n % ${repositories}, '{}', 1e15 from generate_series(1, ${rows}) n`,
    `insert into outbox_heads (endpoint, repository, head, due_at, next_at)
      select endpoint, repository, min(id), 1e15, 1e15 from outbox group by endpoint, repository`,
    `insert into dead_letters (endpoint, id, repository, text, queued_at, due_at, tries)
      select 'filled', id + 1000000, repository, text, 0, 0, 1 from outbox`,
    "insert into outbox_counts (endpoint, shard) select 'filled', n from generate_series(0, 63) n",
    'analyze',
  ]) {
    await query(text)
  }
}
