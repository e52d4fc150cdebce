import type { Descriptor, Digest, RepositoryName, Tag } from 'layerdock'
import type {
  ManifestChange,
  ManifestEntry,
  ManifestRecord,
  Page,
  PageRequest,
  ReferrersRequest,
} from 'layerdock/kit'

/** A record as it is kept: what it names, its key and its times are in columns and tables. */
type StoredRecord = Omit<ManifestRecord, 'blob' | 'references' | 'pushedAt'>

interface ManifestRow {
  readonly record: string
  readonly pushed_at: number
  readonly tags: number
  readonly key: string
}

/** A page of manifests ends early once they name so many others together: a page has to fit a call. */
const referencesAPage = 10_000

/** In milliseconds. */
const day = 24 * 60 * 60 * 1000

const found = `SELECT record, pushed_at, tags, key FROM manifests JOIN blobs USING (digest)`

/** Manifests of repositories, with the content they name and their tags. */
export class SqlManifests {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** The manifest, unless its bytes are missing. */
  find(repository: RepositoryName, digest: Digest): ManifestRecord | null {
    const [row] = this.#sql
      .exec<ManifestRow>(
        `${found} WHERE repository = ? AND digest = ? AND missing = 0`,
        ...[repository, digest],
      )
      .toArray()
    return row === undefined ? null : this.#recordOf(repository, row)
  }

  /** The manifest and how many tags it has, whether its bytes are missing or not. */
  stored(
    repository: RepositoryName,
    digest: Digest,
  ): { readonly record: ManifestRecord; readonly tagCount: number } | null {
    const [row] = this.#sql
      .exec<ManifestRow>(`${found} WHERE repository = ? AND digest = ?`, repository, digest)
      .toArray()
    return row === undefined
      ? null
      : { record: this.#recordOf(repository, row), tagCount: row.tags }
  }

  /** Records a manifest whose bytes are settled. */
  put(repository: RepositoryName, record: ManifestChange['record'], now: number): void {
    const { references, blob: _, ...rest } = record
    const { digest, subject = null, artifactType = null } = rest
    this.#sql.exec(
      `INSERT INTO manifests (repository, digest, subject, artifact_type, record, pushed_at)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET subject = excluded.subject,
         artifact_type = excluded.artifact_type, record = excluded.record,
         pushed_at = excluded.pushed_at`,
      ...[repository, digest, subject, artifactType, JSON.stringify(rest), now],
    )
    if (this.#references(repository, digest).join() === references.join()) return
    // The same bytes may be pushed as another media type, and then name less.
    this.#keep(repository, digest, now + day)
    this.#refer(repository, digest, references)
  }

  /** Removes a manifest; what it alone names is kept until `keepUntil` at least. */
  remove(repository: RepositoryName, digest: Digest, keepUntil: number): void {
    this.#keep(repository, digest, keepUntil)
    this.#sql.exec('DELETE FROM manifests WHERE repository = ? AND digest = ?', repository, digest)
  }

  /** The first tags of a manifest; all of them where `limit` is negative. */
  tagsOf(repository: RepositoryName, digest: Digest, limit: number): Tag[] {
    return this.#sql
      .exec<{ tag: Tag }>(
        'SELECT tag FROM tags WHERE repository = ? AND digest = ? ORDER BY tag LIMIT ?',
        ...[repository, digest, limit],
      )
      .toArray()
      .map(({ tag }) => tag)
  }

  /** Whether a manifest of the repository names the digest. */
  isNamed(repository: RepositoryName, digest: Digest): boolean {
    const found = this.#sql.exec(
      'SELECT 1 FROM refs WHERE repository = ? AND digest = ? LIMIT 1',
      ...[repository, digest],
    )
    return found.toArray().length > 0
  }

  list(repository: RepositoryName, { after = '', limit }: PageRequest): Page<ManifestEntry> {
    const rows = this.#sql.exec<ManifestRow>(
      `${found} WHERE repository = ? AND digest > ? AND missing = 0 ORDER BY digest LIMIT ?`,
      ...[repository, after, limit + 1],
    )
    const items: ManifestEntry[] = []
    let references = 0
    // Read whole: other statements run in between.
    for (const row of rows.toArray()) {
      if (items.length >= limit || references > referencesAPage) return { items, more: true }
      const record = this.#recordOf(repository, row)
      references += record.references.length
      items.push({ record, tags: this.tagsOf(repository, record.digest, 100), tagCount: row.tags })
    }
    return { items, more: false }
  }

  listReferrers(
    repository: RepositoryName,
    subject: string,
    { after = '', artifactType, maxBytes }: ReferrersRequest,
  ): Page<Descriptor> {
    const rows = this.#sql.exec<{ record: string }>(
      `SELECT record FROM manifests JOIN blobs USING (digest)
       WHERE repository = ? AND subject = ? ${artifactType === undefined ? '' : 'AND artifact_type = ?'}
       AND digest > ? AND missing = 0 ORDER BY digest`,
      ...[repository, subject, ...(artifactType === undefined ? [] : [artifactType]), after],
    )
    const items: Descriptor[] = []
    let bytes = 0
    for (const { record } of rows) {
      const item = descriptorOf(JSON.parse(record) as StoredRecord)
      bytes += new TextEncoder().encode(JSON.stringify(item)).byteLength
      if (bytes > maxBytes && items.length > 0) return { items, more: true }
      items.push(item)
    }
    return { items, more: false }
  }

  #recordOf(repository: RepositoryName, { record, pushed_at, key }: ManifestRow): ManifestRecord {
    const stored = JSON.parse(record) as StoredRecord
    const { digest, size } = stored
    const references = this.#references(repository, digest)
    return { ...stored, blob: { digest, size, key }, references, pushedAt: pushed_at }
  }

  #references(repository: RepositoryName, manifest: Digest): Digest[] {
    return this.#sql
      .exec<{ digest: Digest }>(
        'SELECT digest FROM refs WHERE repository = ? AND manifest = ? ORDER BY place',
        ...[repository, manifest],
      )
      .toArray()
      .map(({ digest }) => digest)
  }

  /** Gives what a manifest alone names a lease until `keepUntil`. */
  #keep(repository: RepositoryName, manifest: Digest, keepUntil: number): void {
    this.#sql.exec(
      `UPDATE links SET keep_until = max(keep_until, ?3) FROM
         (SELECT digest, count(*) AS times FROM refs WHERE repository = ?1 AND manifest = ?2
          GROUP BY digest) AS own
       WHERE links.repository = ?1 AND links.digest = own.digest AND links.named = own.times`,
      ...[repository, manifest, keepUntil],
    )
  }

  #refer(repository: RepositoryName, manifest: Digest, references: readonly Digest[]): void {
    this.#sql.exec(
      'DELETE FROM refs WHERE repository = ? AND manifest = ?',
      ...[repository, manifest],
    )
    for (const [place, digest] of references.entries()) {
      this.#sql.exec(
        'INSERT INTO refs (repository, manifest, place, digest) VALUES (?, ?, ?, ?)',
        ...[repository, manifest, place, digest],
      )
    }
  }
}

/** What a list says of a manifest, and no more. */
function descriptorOf(record: StoredRecord): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = record
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}
