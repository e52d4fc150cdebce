import type { Digest, RepositoryName } from 'layerdock'
import type { BlobRef } from 'layerdock/kit'

interface BytesRow {
  readonly digest: Digest
  readonly size: number
  readonly key: string
}

/** Who holds which bytes: links of repositories, and manifests that name them. */
export class SqlHoldings {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  begin(repository: RepositoryName): void {
    this.#sql.exec('INSERT OR IGNORE INTO repositories (name) VALUES (?)', repository)
  }

  /** The blob as a repository has it, and the end of its lease. */
  find(repository: RepositoryName, digest: Digest): { blob: BlobRef; keepUntil: number } | null {
    const [row] = this.#sql
      .exec<BytesRow & { keep_until: number }>(
        `SELECT digest, size, key, keep_until FROM links JOIN bytes USING (digest)
         WHERE repository = ? AND digest = ? AND holders > 0`,
        ...[repository, digest],
      )
      .toArray()
    return row === undefined ? null : { blob: blobOf(row), keepUntil: row.keep_until }
  }

  /**
   * The reference that counts. Bytes that nobody holds may be on their way out: those that just
   * came count instead.
   */
  winner(blob: BlobRef): BlobRef {
    const { digest, size, key } = blob
    const [held] = this.#sql
      .exec<BytesRow>(
        'SELECT digest, size, key FROM bytes WHERE digest = ? AND holders > 0',
        digest,
      )
      .toArray()
    if (held !== undefined) return blobOf(held)
    this.#sql.exec(
      'INSERT OR IGNORE INTO bytes (digest, size, key) VALUES (?, ?, ?)',
      ...[digest, size, key],
    )
    return { digest, size, key }
  }

  /** One holder more of what {@link winner} returned. */
  hold({ digest, key }: BlobRef): void {
    this.#sql.exec(
      'UPDATE bytes SET holders = holders + 1 WHERE digest = ? AND key = ?',
      ...[digest, key],
    )
  }

  /** One holder less of the copy that is held. */
  release(digest: Digest): void {
    this.#sql.exec(
      'UPDATE bytes SET holders = holders - 1 WHERE digest = ? AND holders > 0',
      digest,
    )
  }

  link(repository: RepositoryName, blob: BlobRef, keepUntil: number): void {
    const { digest } = blob
    this.begin(repository)
    const extended = this.#sql
      .exec(
        `UPDATE links SET keep_until = max(keep_until, ?) WHERE repository = ? AND digest = ?
         RETURNING digest`,
        ...[keepUntil, repository, digest],
      )
      .toArray()
    if (extended.length > 0) return
    this.#sql.exec(
      `INSERT INTO links (repository, digest, keep_until, named) VALUES (?1, ?2, ?3,
         (SELECT count(*) FROM refs WHERE repository = ?1 AND digest = ?2))`,
      ...[repository, digest, keepUntil],
    )
    this.hold(blob)
  }

  /** False when there was no link. */
  unlink(repository: RepositoryName, digest: Digest): boolean {
    const gone = this.#sql
      .exec(
        'DELETE FROM links WHERE repository = ? AND digest = ? RETURNING digest',
        ...[repository, digest],
      )
      .toArray()
    if (gone.length > 0) this.release(digest)
    return gone.length > 0
  }

  /** What a manifest names, in its order. */
  references(repository: RepositoryName, manifest: Digest): Digest[] {
    return this.#sql
      .exec<{ digest: Digest }>(
        'SELECT digest FROM refs WHERE repository = ? AND manifest = ? ORDER BY place',
        ...[repository, manifest],
      )
      .toArray()
      .map(({ digest }) => digest)
  }

  /** Sets what a manifest names; nothing any more when `references` is empty. */
  refer(repository: RepositoryName, manifest: Digest, references: readonly Digest[]): void {
    const count = (digest: Digest, change: 1 | -1): void => {
      this.#sql.exec(
        'UPDATE links SET named = named + ? WHERE repository = ? AND digest = ?',
        ...[change, repository, digest],
      )
    }
    for (const digest of this.references(repository, manifest)) count(digest, -1)
    this.#sql.exec(
      'DELETE FROM refs WHERE repository = ? AND manifest = ?',
      ...[repository, manifest],
    )
    for (const [place, digest] of references.entries()) {
      this.#sql.exec(
        'INSERT INTO refs (repository, manifest, place, digest) VALUES (?, ?, ?, ?)',
        ...[repository, manifest, place, digest],
      )
      count(digest, 1)
    }
  }

  /** Takes links out whose leases are over, and returns up to `limit` blobs nobody holds. */
  condemn(before: number, limit: number): BlobRef[] {
    for (;;) {
      const unheld = this.#unheld(limit)
      const over = this.#sql
        .exec<{ repository: RepositoryName; digest: Digest }>(
          `SELECT repository, digest FROM links WHERE named = 0 AND keep_until < ?
           ORDER BY keep_until LIMIT ?`,
          ...[before, limit - unheld.length],
        )
        .toArray()
      if (over.length === 0) {
        for (const { digest, key } of unheld) {
          this.#sql.exec(
            'UPDATE bytes SET tried = tried + 1 WHERE digest = ? AND key = ?',
            ...[digest, key],
          )
        }
        return unheld
      }
      for (const { repository, digest } of over) this.unlink(repository, digest)
    }
  }

  isHeld({ digest, key }: BlobRef): boolean {
    const held = 'SELECT 1 FROM bytes WHERE digest = ? AND key = ? AND holders > 0'
    return this.#sql.exec(held, digest, key).toArray().length > 0
  }

  /** Ends bytes, unless something holds them again. */
  forget({ digest, key }: BlobRef): void {
    this.#sql.exec('DELETE FROM bytes WHERE digest = ? AND key = ? AND holders = 0', digest, key)
  }

  #unheld(limit: number): BlobRef[] {
    return this.#sql
      .exec<BytesRow>(
        'SELECT digest, size, key FROM bytes WHERE holders = 0 ORDER BY tried, digest LIMIT ?',
        limit,
      )
      .toArray()
      .map(blobOf)
  }
}

function blobOf({ digest, size, key }: BytesRow): BlobRef {
  return { digest, size, key }
}
