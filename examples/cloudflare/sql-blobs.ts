import type { Digest, RepositoryName } from 'layerdock'
import type { BlobRef, BlobRemoval, NamedBytes } from 'layerdock/kit'
import { unavailable } from './remote.ts'

interface LinkRow extends BlobRow {
  readonly keep_until: number
  readonly named: number
}

interface BlobRow {
  readonly digest: Digest
  readonly size: number
  readonly key: string
}

/** Due links that one condemnation takes out in one statement. */
const dueAtOnce = 1000

/** Which key counts for a digest, and which repositories have it as a blob. */
export class SqlBlobs {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  begin(repository: RepositoryName): void {
    this.#sql.exec('INSERT OR IGNORE INTO repositories (name) VALUES (?)', repository)
  }

  /** The blob as a repository has it. */
  find(repository: RepositoryName, digest: Digest): BlobRef | null {
    const row = this.#link(repository, digest)
    return row === undefined ? null : blobOf(row)
  }

  /**
   * As {@link find}, with a lease until `least` at least. Writes only where there is need, and then
   * until `end`.
   */
  keep(repository: RepositoryName, digest: Digest, least: number, end: number): BlobRef | null {
    const row = this.#link(repository, digest)
    if (row === undefined) return null
    if (row.named === 0 && row.keep_until < least) {
      this.#sql.exec(
        'UPDATE links SET keep_until = ? WHERE repository = ? AND digest = ?',
        ...[end, repository, digest],
      )
    }
    return blobOf(row)
  }

  /**
   * The reference that counts for a digest of which `blob` is one copy. A copy that does not count is
   * trash at once, so that its bytes are deleted even if the caller dies.
   *
   * @throws Error that {@link remote} makes `unavailable`, when the key lost, was condemned or is known
   *   to be missing: its bytes may be gone, and the caller has to bring others.
   */
  settle(blob: BlobRef): BlobRef {
    const { digest, size, key } = blob
    const [row] = this.#sql
      .exec<BlobRow & { missing: number }>(
        'SELECT digest, size, key, missing FROM blobs WHERE digest = ?',
        digest,
      )
      .toArray()
    if (row?.missing === 0) {
      if (row.key !== key) {
        const insert = 'INSERT OR IGNORE INTO trash (digest, key, size) VALUES (?, ?, ?)'
        this.#sql.exec(insert, digest, key, size)
      }
      return blobOf(row)
    }
    if (row?.key === key || this.#isTrash(blob)) {
      throw new Error(`${unavailable}the key ${key} does not count any more`)
    }
    this.#sql.exec(
      `INSERT INTO blobs (digest, key, size) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET key = excluded.key, size = excluded.size, missing = 0`,
      ...[digest, key, size],
    )
    return { digest, size, key }
  }

  /** Makes a blob that {@link settle} returned readable in a repository. */
  link(repository: RepositoryName, { digest }: BlobRef, keepUntil: number): void {
    this.begin(repository)
    this.#sql.exec(
      `INSERT INTO links (repository, digest, keep_until, named) VALUES (?1, ?2, ?3,
         (SELECT count(*) FROM refs WHERE repository = ?1 AND digest = ?2))
       ON CONFLICT DO UPDATE SET keep_until = max(keep_until, excluded.keep_until)`,
      ...[repository, digest, keepUntil],
    )
  }

  /** Takes a link out; with `keepNamed`, only where no manifest of the repository names the blob. */
  unlink(repository: RepositoryName, digest: Digest, keepNamed: boolean): BlobRemoval {
    const [link] = this.#sql
      .exec<{ named: number }>(
        'SELECT named FROM links WHERE repository = ? AND digest = ?',
        ...[repository, digest],
      )
      .toArray()
    if (link === undefined) return 'absent'
    if (keepNamed && link.named > 0) return 'named'
    this.#sql.exec('DELETE FROM links WHERE repository = ? AND digest = ?', repository, digest)
    return 'removed'
  }

  repositoriesWith(digest: Digest, limit: number): RepositoryName[] {
    return this.#sql
      .exec<{ repository: RepositoryName }>(
        `SELECT repository FROM blobs JOIN links USING (digest)
         WHERE digest = ? AND missing = 0 LIMIT ?`,
        ...[digest, limit],
      )
      .toArray()
      .map(({ repository }) => repository)
  }

  /** Blobs of a repository after the digest `after`. */
  list(repository: RepositoryName, after: string, limit: number): BlobRef[] {
    return this.#sql
      .exec<BlobRow>(
        `SELECT digest, size, key FROM links JOIN blobs USING (digest)
         WHERE repository = ? AND digest > ? AND missing = 0 ORDER BY digest LIMIT ?`,
        ...[repository, after, limit],
      )
      .toArray()
      .map(blobOf)
  }

  /** False when the key does not count. */
  markMissing({ digest, key }: BlobRef): boolean {
    const marked = this.#sql.exec(
      'UPDATE blobs SET missing = 1 WHERE digest = ? AND key = ? RETURNING digest',
      ...[digest, key],
    )
    return marked.toArray().length > 0
  }

  /** Blobs of all repositories after the digest `after`. */
  named(after: string, limit: number): NamedBytes[] {
    return this.#sql
      .exec<BlobRow & { missing: number }>(
        'SELECT digest, size, key, missing FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?',
        ...[after, limit],
      )
      .toArray()
      .map((row) => ({ ...blobOf(row), isMissing: row.missing === 1 }))
  }

  /** False when the key does not count, or its bytes are not known to be missing. */
  heal(from: BlobRef, to: BlobRef): boolean {
    const { digest, size, key } = from
    const [row] = this.#sql
      .exec<{ key: string; missing: number }>(
        'SELECT key, missing FROM blobs WHERE digest = ?',
        digest,
      )
      .toArray()
    if (row === undefined) return false
    if (row.missing === 0) return row.key === to.key
    if (row.key !== key || this.#isTrash(to)) return false
    const update = 'UPDATE blobs SET key = ?, missing = 0 WHERE digest = ?'
    this.#sql.exec(update, to.key, digest)
    if (key !== to.key) {
      const insert = 'INSERT OR IGNORE INTO trash (digest, key, size) VALUES (?, ?, ?)'
      this.#sql.exec(insert, digest, key, size)
    }
    return true
  }

  /** False when the key does not count. */
  relocate(from: BlobRef, to: BlobRef): boolean {
    const { digest, size, key } = from
    const moved = this.#sql.exec(
      `UPDATE blobs SET key = ?3 WHERE digest = ?1 AND key IN (?2, ?3) AND missing = 0
         AND NOT EXISTS (SELECT 1 FROM trash WHERE digest = ?1 AND key = ?3) RETURNING digest`,
      ...[digest, key, to.key],
    )
    if (moved.toArray().length === 0) return false
    if (key === to.key) return true
    const insert = 'INSERT OR IGNORE INTO trash (digest, key, size) VALUES (?, ?, ?)'
    this.#sql.exec(insert, digest, key, size)
    return true
  }

  missing(limit: number): { readonly count: number; readonly blobs: BlobRef[] } {
    const [all] = this.#sql
      .exec<{ n: number }>('SELECT count(*) AS n FROM blobs WHERE missing')
      .toArray()
    const blobs = this.#sql
      .exec<BlobRow>('SELECT digest, size, key FROM blobs WHERE missing LIMIT ?', limit)
      .toArray()
      .map(blobOf)
    return { count: all?.n ?? 0, blobs }
  }

  /** Up to `limit` keys that nothing names; fewer where links have to be taken out for more. */
  trash(limit: number): BlobRef[] {
    return this.#sql
      .exec<BlobRow>('SELECT digest, size, key FROM trash ORDER BY tried, digest LIMIT ?', limit)
      .toArray()
      .map(blobOf)
  }

  /** Takes links out whose leases are over by `now`; false when there are none. */
  unlinkDue(now: number): boolean {
    const gone = this.#sql.exec(
      `DELETE FROM links WHERE (repository, digest) IN (
         SELECT repository, digest FROM links WHERE named = 0 AND keep_until <= ?
         ORDER BY keep_until LIMIT ?) RETURNING digest`,
      ...[now, dueAtOnce],
    )
    return gone.toArray().length > 0
  }

  /** Lets other keys go first next time. */
  tried(blobs: readonly BlobRef[]): void {
    for (const { digest, key } of blobs) {
      this.#sql.exec(
        'UPDATE trash SET tried = tried + 1 WHERE digest = ? AND key = ?',
        ...[digest, key],
      )
    }
  }

  forget({ digest, key }: BlobRef): void {
    this.#sql.exec('DELETE FROM trash WHERE digest = ? AND key = ?', digest, key)
  }

  knows(blob: Pick<BlobRef, 'digest' | 'key'>): boolean {
    const { digest, key } = blob
    const counts = this.#sql.exec('SELECT 1 FROM blobs WHERE digest = ? AND key = ?', digest, key)
    return counts.toArray().length > 0 || this.#isTrash(blob)
  }

  /** Those of the keys that are known, whatever their digests: one pass over all of them. */
  known(keys: readonly string[]): ReadonlySet<string> {
    if (keys.length === 0) return new Set()
    const rows = this.#sql.exec<{ key: string }>(
      `SELECT key FROM blobs WHERE key IN (SELECT value FROM json_each(?1))
       UNION SELECT key FROM trash WHERE key IN (SELECT value FROM json_each(?1))`,
      JSON.stringify(keys),
    )
    return new Set(rows.toArray().map(({ key }) => key))
  }

  #isTrash({ digest, key }: Pick<BlobRef, 'digest' | 'key'>): boolean {
    const found = this.#sql.exec('SELECT 1 FROM trash WHERE digest = ? AND key = ?', digest, key)
    return found.toArray().length > 0
  }

  #link(repository: RepositoryName, digest: Digest): LinkRow | undefined {
    return this.#sql
      .exec<LinkRow>(
        `SELECT digest, size, key, keep_until, named FROM links JOIN blobs USING (digest)
         WHERE repository = ? AND digest = ? AND missing = 0`,
        ...[repository, digest],
      )
      .toArray()[0]
  }
}

function blobOf({ digest, size, key }: BlobRow): BlobRef {
  return { digest, size, key }
}
