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

const found = `SELECT record, pushed_at, tags, key FROM manifests JOIN blobs USING (digest)`

/** Manifests of repositories, with what they name and which tags stand for them. */
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
    this.#refer(repository, digest, references)
  }

  /** Removes a manifest; what it names is kept until `keepUntil` at least. */
  remove(repository: RepositoryName, digest: Digest, keepUntil: number): void {
    this.#sql.exec(
      `UPDATE links SET keep_until = max(keep_until, ?3) WHERE repository = ?1 AND digest IN
         (SELECT digest FROM refs WHERE repository = ?1 AND manifest = ?2)`,
      ...[repository, digest, keepUntil],
    )
    this.#sql.exec('DELETE FROM manifests WHERE repository = ? AND digest = ?', repository, digest)
  }

  /** The first tags of a manifest. */
  tagsOf(repository: RepositoryName, digest: Digest, limit: number): Tag[] {
    return this.#sql
      .exec<{ tag: Tag }>(
        'SELECT tag FROM tags WHERE repository = ? AND digest = ? ORDER BY tag LIMIT ?',
        ...[repository, digest, limit],
      )
      .toArray()
      .map(({ tag }) => tag)
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

  /** Sets what a manifest names. Most pushes of one that is there change nothing. */
  #refer(repository: RepositoryName, manifest: Digest, references: readonly Digest[]): void {
    if (this.#references(repository, manifest).join() === references.join()) return
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
