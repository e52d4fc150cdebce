import type { Digest, RepositoryName, Tag } from 'layerdock'
import type { TagRecord } from 'layerdock/kit'

/** Which manifest each tag stands for. */
export class SqlTags {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  target(repository: RepositoryName, tag: Tag): Digest | null {
    const [row] = this.#sql
      .exec<{ digest: Digest }>(
        'SELECT digest FROM tags WHERE repository = ? AND tag = ?',
        ...[repository, tag],
      )
      .toArray()
    return row?.digest ?? null
  }

  /** Sets a tag; what it stood for before. */
  set(repository: RepositoryName, tag: Tag, digest: Digest, now: number): Digest | null {
    const previous = this.target(repository, tag)
    this.#sql.exec(
      `INSERT INTO tags (repository, tag, digest, updated_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at`,
      ...[repository, tag, digest, now],
    )
    return previous
  }

  /** Removes a tag; what it stood for. */
  remove(repository: RepositoryName, tag: Tag): Digest | null {
    const [gone] = this.#sql
      .exec<{ digest: Digest }>(
        'DELETE FROM tags WHERE repository = ? AND tag = ? RETURNING digest',
        ...[repository, tag],
      )
      .toArray()
    return gone?.digest ?? null
  }

  /** Tags of a repository after the tag `after`. */
  list(repository: RepositoryName, after: string, limit: number): TagRecord[] {
    return this.#sql
      .exec<{ tag: Tag; digest: Digest; updated_at: number }>(
        `SELECT tag, digest, updated_at FROM tags WHERE repository = ? AND tag > ?
         ORDER BY tag LIMIT ?`,
        ...[repository, after, limit],
      )
      .toArray()
      .map(({ tag, digest, updated_at }) => ({ tag, digest, updatedAt: updated_at }))
  }
}
