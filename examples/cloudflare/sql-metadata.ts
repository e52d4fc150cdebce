import { RpcTarget } from 'cloudflare:workers'
import type { Descriptor, Digest, RepositoryName, Tag } from 'layerdock'
import type {
  BlobRef,
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  MetadataStore,
  Page,
  PageRequest,
  ReferrersRequest,
  TagExpectation,
} from 'layerdock/kit'
import { SqlHoldings } from './sql-holdings.ts'

/** A record as it is kept: what it names is in a table of its own. */
type StoredRecord = Omit<ManifestRecord, 'references'>

/**
 * Names in a Durable Object's tables. Workers call it over RPC. No method waits for anything between
 * its first and its last statement, so each is one atomic change; and the platform lets no answer
 * out of the object before what it says is durable.
 */
export class SqlMetadata extends RpcTarget implements MetadataStore {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage
  readonly #holdings: SqlHoldings
  readonly #slackMs: number

  /**
   * @param slackMs A lease that is extended is extended so much further, in milliseconds: most
   *   pulls then write nothing.
   */
  constructor(storage: DurableObjectStorage, slackMs = 0) {
    super()
    this.#storage = storage
    this.#sql = storage.sql
    this.#holdings = new SqlHoldings(storage.sql)
    this.#slackMs = slackMs
  }

  async hasRepository(repository: RepositoryName): Promise<boolean> {
    return this.#isThere(repository)
  }

  async listRepositories({ after = '', limit }: PageRequest): Promise<Page<RepositoryName>> {
    return pageOf(
      this.#sql
        .exec<{ name: RepositoryName }>(
          'SELECT name FROM repositories WHERE name > ? ORDER BY name LIMIT ?',
          ...[after, limit + 1],
        )
        .toArray()
        .map(({ name }) => name),
      limit,
    )
  }

  async findBlob(
    repository: RepositoryName,
    digest: Digest,
    keepUntil?: number,
  ): Promise<BlobRef | null> {
    const found = this.#holdings.find(repository, digest)
    if (found === null) return null
    if (keepUntil !== undefined && keepUntil > found.keepUntil) {
      this.#holdings.link(repository, found.blob, keepUntil + this.#slackMs)
    }
    return found.blob
  }

  async repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    return this.#sql
      .exec<{ repository: RepositoryName }>(
        'SELECT repository FROM links WHERE digest = ? LIMIT ?',
        ...[digest, limit],
      )
      .toArray()
      .map(({ repository }) => repository)
  }

  async linkBlob(repository: RepositoryName, blob: BlobRef, keepUntil: number): Promise<BlobRef> {
    return this.#storage.transactionSync(() => {
      const winner = this.#holdings.winner(blob)
      this.#holdings.link(repository, winner, keepUntil)
      return winner
    })
  }

  async mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    keepUntil: number,
  ): Promise<BlobRef | null> {
    return this.#storage.transactionSync(() => {
      const found = this.#holdings.find(from, digest)
      if (found === null) return null
      this.#holdings.link(to, found.blob, keepUntil)
      return found.blob
    })
  }

  async unlinkBlob(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return this.#storage.transactionSync(() => this.#holdings.unlink(repository, digest))
  }

  async findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return this.#find(repository, digest)
  }

  async resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    const digest = this.#tagged(repository, tag)
    return digest === null ? null : this.#find(repository, digest)
  }

  /** @throws TypeError when the record's blob is not the manifest itself. */
  async putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    const { record, tags, requires, expect } = change
    const { digest, size, blob } = record
    if (blob.digest !== digest || blob.size !== size) {
      throw new TypeError(`the blob of manifest ${digest} is of another content`)
    }
    return this.#storage.transactionSync(() => {
      if (expect !== undefined && !isAsExpected(this.#current(repository, change), expect)) {
        return { kind: 'conflict' }
      }
      const missing = requires.filter((one) => !this.#has(repository, one))
      if (missing.length > 0) {
        return { kind: 'missing', digests: [...new Set(missing.map((one) => one.digest))] }
      }
      this.#record(repository, record)
      for (const tag of tags) {
        this.#sql.exec(
          'INSERT OR REPLACE INTO tags (repository, tag, digest) VALUES (?, ?, ?)',
          ...[repository, tag, digest],
        )
      }
      return { kind: 'stored' }
    })
  }

  async deleteManifest(repository: RepositoryName, digest: Digest): Promise<boolean> {
    const where = 'WHERE repository = ? AND digest = ?'
    return this.#storage.transactionSync(() => {
      const gone = this.#sql
        .exec(`DELETE FROM manifests ${where} RETURNING digest`, repository, digest)
        .toArray()
      if (gone.length === 0) return false
      this.#sql.exec(`DELETE FROM tags ${where}`, repository, digest)
      this.#holdings.refer(repository, digest, [])
      this.#holdings.release(digest)
      return true
    })
  }

  async deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean> {
    const gone = this.#sql
      .exec('DELETE FROM tags WHERE repository = ? AND tag = ? RETURNING tag', repository, tag)
      .toArray()
    return gone.length > 0
  }

  async listTags(
    repository: RepositoryName,
    { after = '', limit }: PageRequest,
  ): Promise<Page<Tag> | null> {
    if (!this.#isThere(repository)) return null
    return pageOf(
      this.#sql
        .exec<{ tag: Tag }>(
          'SELECT tag FROM tags WHERE repository = ? AND tag > ? ORDER BY tag LIMIT ?',
          ...[repository, after, limit + 1],
        )
        .toArray()
        .map(({ tag }) => tag),
      limit,
    )
  }

  async listReferrers(
    repository: RepositoryName,
    subject: string,
    { after = '', artifactType, maxBytes }: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    const rows = this.#sql.exec<{ record: string }>(
      `SELECT record FROM manifests WHERE repository = ? AND subject = ?
       ${artifactType === undefined ? '' : 'AND artifact_type = ?'} AND digest > ? ORDER BY digest`,
      ...[repository, subject, ...(artifactType === undefined ? [] : [artifactType]), after],
    )
    const items: Descriptor[] = []
    let bytes = 0
    for (const { record } of rows) {
      const item = descriptorOf(JSON.parse(record) as StoredRecord)
      bytes += JSON.stringify(item).length
      if (bytes > maxBytes && items.length > 0) return { items, more: true }
      items.push(item)
    }
    return { items, more: false }
  }

  async condemn(before: number, limit: number): Promise<readonly BlobRef[]> {
    return this.#storage.transactionSync(() => this.#holdings.condemn(before, limit))
  }

  async isHeld(blob: BlobRef): Promise<boolean> {
    return this.#holdings.isHeld(blob)
  }

  async forget(blob: BlobRef): Promise<void> {
    this.#holdings.forget(blob)
  }

  /** Nothing to let go of: the tables are the object's. */
  async close(): Promise<void> {}

  #isThere(repository: RepositoryName): boolean {
    const found = this.#sql.exec('SELECT 1 FROM repositories WHERE name = ?', repository)
    return found.toArray().length > 0
  }

  #stored(repository: RepositoryName, digest: Digest): string | null {
    const [row] = this.#sql
      .exec<{ record: string }>(
        'SELECT record FROM manifests WHERE repository = ? AND digest = ?',
        ...[repository, digest],
      )
      .toArray()
    return row?.record ?? null
  }

  #find(repository: RepositoryName, digest: Digest): ManifestRecord | null {
    const text = this.#stored(repository, digest)
    if (text === null) return null
    const references = this.#holdings.references(repository, digest)
    return { ...(JSON.parse(text) as StoredRecord), references }
  }

  #tagged(repository: RepositoryName, tag: Tag): Digest | null {
    const [row] = this.#sql
      .exec<{ digest: Digest }>(
        'SELECT digest FROM tags WHERE repository = ? AND tag = ?',
        ...[repository, tag],
      )
      .toArray()
    return row?.digest ?? null
  }

  #has(repository: RepositoryName, { digest, kind }: ManifestChange['requires'][number]): boolean {
    if (this.#holdings.find(repository, digest) !== null) return true
    return kind === 'manifest' && this.#stored(repository, digest) !== null
  }

  /** What an expectation is held against: the first tag, or the manifest when there is none. */
  #current(repository: RepositoryName, { record, tags }: ManifestChange): Digest | null {
    const [tag] = tags
    if (tag !== undefined) return this.#tagged(repository, tag)
    return this.#stored(repository, record.digest) === null ? null : record.digest
  }

  #record(repository: RepositoryName, record: ManifestRecord): void {
    const { references, ...rest } = { ...record, blob: this.#holdings.winner(record.blob) }
    const { digest, subject = null, artifactType = null } = rest
    this.#holdings.begin(repository)
    if (this.#stored(repository, digest) === null) this.#holdings.hold(rest.blob)
    this.#sql.exec(
      `INSERT OR REPLACE INTO manifests (repository, digest, subject, artifact_type, record)
       VALUES (?, ?, ?, ?, ?)`,
      ...[repository, digest, subject, artifactType, JSON.stringify(rest)],
    )
    this.#holdings.refer(repository, digest, references)
  }
}

/** One row more than `limit` was asked for, to see whether there is more. */
function pageOf<T>(rows: readonly T[], limit: number): Page<T> {
  return { items: rows.slice(0, limit), more: rows.length > limit }
}

function isAsExpected(digest: Digest | null, { match, noneMatch }: TagExpectation): boolean {
  const among = (digests: readonly string[]): boolean =>
    digest !== null && (digests.includes('*') || digests.includes(digest))
  return (match === undefined || among(match)) && (noneMatch === undefined || !among(noneMatch))
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
