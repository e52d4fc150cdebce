import type { UploadSession } from 'layerdock/kit'
import { tables, uploadCounts } from './sql-tables.ts'
import { insertUpload } from './sql-uploads.ts'

/** Tables whose rows are copied, and `bytes`, which became `blobs` and `trash`. */
const earlier = ['repositories', 'links', 'manifests', 'refs', 'tags', 'uploads']

/**
 * Tables of the first version, which had no number. Rows are copied in an order in which the triggers
 * of the new tables count them.
 */
export function upgradeFirst(sql: SqlStorage, now: number): void {
  for (const table of earlier) sql.exec(`ALTER TABLE ${table} RENAME TO old_${table}`)
  // The names of its indexes are wanted again.
  for (const index of ['links_of_digest', 'leases', 'referrers', 'referrers_of_type', 'refs_to']) {
    sql.exec(`DROP INDEX ${index}`)
  }
  for (const index of ['tags_of', 'uploads_by_age']) sql.exec(`DROP INDEX ${index}`)
  sql.exec(tables)
  sql.exec(`
    INSERT INTO repositories (name) SELECT name FROM old_repositories;
    INSERT INTO blobs (digest, key, size) SELECT digest, key, size FROM bytes WHERE holders > 0;
    INSERT INTO trash (digest, key, size) SELECT digest, key, size FROM bytes WHERE holders = 0;
    INSERT INTO links (repository, digest, keep_until, named)
      SELECT repository, digest, keep_until, 0 FROM old_links;
    INSERT INTO refs SELECT repository, manifest, place, digest FROM old_refs;`)
  sql.exec(
    `INSERT INTO manifests (repository, digest, subject, artifact_type, record, pushed_at)
       SELECT repository, digest, subject, artifact_type, record, ? FROM old_manifests`,
    now,
  )
  sql.exec('INSERT INTO tags SELECT repository, tag, digest, ? FROM old_tags', now)
  for (const row of sql.exec<OldUpload>('SELECT touched_at, session FROM old_uploads').toArray()) {
    const { touchedAt: _, ...kept } = JSON.parse(row.session) as OldSession
    const session = { ...kept, owner: kept.principal, hashState: null, committed: null }
    insertUpload(sql, session, row.touched_at)
  }
  for (const table of earlier) sql.exec(`DROP TABLE old_${table}`)
  sql.exec('DROP TABLE bytes')
}

/** Tables of the second version did not count the bytes of each owner. */
export function upgradeSecond(sql: SqlStorage): void {
  sql.exec(`
    ALTER TABLE owners ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE owners SET bytes = counted.bytes
      FROM (SELECT owner, sum(size) AS bytes FROM uploads GROUP BY owner) AS counted
      WHERE owners.owner = counted.owner;
    DROP TRIGGER upload_added;
    DROP TRIGGER upload_grown;
    DROP TRIGGER upload_removed;
    UPDATE format SET version = 3;`)
  sql.exec(uploadCounts)
}

interface OldUpload {
  readonly touched_at: number
  readonly session: string
}

type OldSession = Omit<UploadSession, 'owner' | 'hashState' | 'committed'> & {
  readonly touchedAt: number
}
