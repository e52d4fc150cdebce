import type { UploadSession } from 'layerdock/kit'
import { tables, uploadCounts } from './sql-tables.ts'
import { insertUpload } from './sql-uploads.ts'

/** What tables are made as now. */
const format = 3

/**
 * Makes the tables of an empty object, or brings those of an earlier version up to date: in one
 * transaction, so that this is done wholly or not at all.
 *
 * @param now milliseconds since the epoch: what has no time of its own in an earlier version gets this
 * @throws Error where a later version made the tables: they are left alone.
 */
export function prepareTables(storage: DurableObjectStorage, now: number): void {
  const { sql } = storage
  storage.transactionSync(() => {
    sql.exec('CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)')
    const [row] = sql.exec<{ version: number }>('SELECT version FROM format').toArray()
    if (row?.version === format) return
    if (row?.version === 2) return upgradeSecond(sql)
    if (row !== undefined) throw new Error(`the tables are of format ${row.version}, not ${format}`)
    const first = sql.exec(`SELECT 1 FROM sqlite_master WHERE name = 'bytes'`).toArray()
    if (first.length === 0) sql.exec(tables)
    else upgradeFirst(sql, now)
    sql.exec('INSERT INTO format VALUES (?)', format)
  })
}

/** Tables whose rows are copied, and `bytes`, which became `blobs` and `trash`. */
const earlier = ['repositories', 'links', 'manifests', 'refs', 'tags', 'uploads']

/**
 * Tables of the first version, which had no number. Rows are copied in an order in which the triggers
 * of the new tables count them.
 */
function upgradeFirst(sql: SqlStorage, now: number): void {
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
function upgradeSecond(sql: SqlStorage): void {
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
