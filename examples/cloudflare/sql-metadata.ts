import { RpcTarget } from 'cloudflare:workers'
import type { Descriptor, Digest, RepositoryName, Tag } from 'layerdock'
import type {
  BlobDeletion,
  BlobRef,
  BlobRemoval,
  ExpectedDigests,
  KeptManifest,
  ManifestChange,
  ManifestDeletion,
  ManifestEntry,
  ManifestOutcome,
  ManifestRecord,
  MetadataStore,
  MissingBytes,
  NamedBytes,
  Page,
  PageRequest,
  ReferrersRequest,
  RemovedManifest,
  RepositoryCounts,
  StoredKey,
  TagExpectation,
  TagRecord,
} from 'layerdock/kit'
import { SqlBlobs } from './sql-blobs.ts'
import { SqlManifests } from './sql-manifests.ts'
import { SqlTags } from './sql-tags.ts'

/**
 * A lease is written half again as long as was asked for, so that a client that asks for what it has
 * just pushed causes no write.
 */
const slack = 1.5

/** What {@link SqlMetadata} does not have of a store: it is optional. A new one does not compile until it is here. */
const lacking: Readonly<Record<Exclude<keyof MetadataStore, keyof SqlMetadata>, true>> = {
  listTrash: true,
  restore: true,
  dropTrash: true,
  notePulls: true,
  pullsSince: true,
  findTags: true,
  countReferrers: true,
  summarizeRepositories: true,
  useOfDigests: true,
  dueGarbage: true,
  explainBytes: true,
  inspectFiles: true,
  checksDeletions: true,
  countsBytes: true,
  keepsTimes: true,
  keepsTrash: true,
  figures: true,
  outbox: true,
}

/** The names of all that. */
export const lackingMembers: readonly string[] = Object.keys(lacking)

/**
 * Names in a Durable Object's tables. Workers call it over RPC. No method waits for anything between
 * its first and its last statement, so each is one atomic change; and the platform lets no answer out
 * of the object before what it says is durable.
 */
export class SqlMetadata extends RpcTarget implements MetadataStore {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage
  readonly #blobs: SqlBlobs
  readonly #manifests: SqlManifests
  readonly #tags: SqlTags
  readonly #clock: () => number

  /** `clock`: milliseconds since the epoch. */
  constructor(storage: DurableObjectStorage, clock: () => number = Date.now) {
    super()
    this.#storage = storage
    this.#sql = storage.sql
    this.#blobs = new SqlBlobs(storage.sql)
    this.#manifests = new SqlManifests(storage.sql)
    this.#tags = new SqlTags(storage.sql)
    this.#clock = clock
  }

  async hasRepository(repository: RepositoryName): Promise<boolean> {
    return this.#counts(repository) !== null
  }

  async listRepositories({ after = '', limit }: PageRequest): Promise<Page<RepositoryName>> {
    const rows = this.#sql.exec<{ name: RepositoryName }>(
      'SELECT name FROM repositories WHERE name > ? ORDER BY name LIMIT ?',
      ...[after, limit + 1],
    )
    const names = rows.toArray().map(({ name }) => name)
    return pageOf(names, limit)
  }

  async countRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return this.#counts(repository)
  }

  async deleteRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return this.#storage.transactionSync(() => {
      const counts = this.#counts(repository)
      // Itself first, so that it need not be counted down.
      for (const [table, column] of holdings) {
        this.#sql.exec(`DELETE FROM ${table} WHERE ${column} = ?`, repository)
      }
      return counts
    })
  }

  async deleteEmptyRepositories(
    limit: number,
    among?: readonly RepositoryName[],
  ): Promise<readonly RepositoryName[]> {
    const names = among === undefined ? null : JSON.stringify(among)
    const gone = this.#sql.exec<{ name: RepositoryName }>(
      `DELETE FROM repositories WHERE name IN (SELECT name FROM repositories
         WHERE manifests = 0 AND blobs = 0
           AND (?2 IS NULL OR name IN (SELECT value FROM json_each(?2)))
         ORDER BY name LIMIT ?1) RETURNING name`,
      limit,
      names,
    )
    return gone.toArray().map(({ name }) => name)
  }

  async findBlob(repository: RepositoryName, digest: Digest): Promise<BlobRef | null> {
    return this.#blobs.find(repository, digest)
  }

  async keepBlob(
    repository: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    const now = this.#clock()
    return this.#blobs.keep(repository, digest, now + leaseMs, now + leaseMs * slack)
  }

  async repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    return this.#blobs.repositoriesWith(digest, limit)
  }

  async linkBlob(repository: RepositoryName, blob: BlobRef, leaseMs: number): Promise<BlobRef> {
    return this.#storage.transactionSync(() => {
      const counts = this.#blobs.settle(blob)
      this.#blobs.link(repository, counts, this.#clock() + leaseMs * slack)
      return counts
    })
  }

  async mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    return this.#storage.transactionSync(() => {
      const found = this.#blobs.find(from, digest)
      if (found !== null) this.#blobs.link(to, found, this.#clock() + leaseMs * slack)
      return found
    })
  }

  async unlinkBlob(
    repository: RepositoryName,
    digest: Digest,
    { keepNamed = false }: BlobDeletion = {},
  ): Promise<BlobRemoval> {
    return this.#blobs.unlink(repository, digest, keepNamed)
  }

  async listBlobs(
    repository: RepositoryName,
    { after = '', limit }: PageRequest,
  ): Promise<Page<BlobRef> | null> {
    if (this.#counts(repository) === null) return null
    return pageOf(this.#blobs.list(repository, after, limit + 1), limit)
  }

  async findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return this.#manifests.find(repository, digest)
  }

  async resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    const digest = this.#tags.target(repository, tag)
    return digest === null ? null : this.#manifests.find(repository, digest)
  }

  /** @throws TypeError when the record's blob is not the manifest itself. */
  async putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    const { record, tags, immutable, requires, expect, keepsType = false } = change
    const { digest, size, blob } = record
    if (blob.digest !== digest || blob.size !== size) {
      throw new TypeError(`the blob of manifest ${digest} is of another content`)
    }
    return this.#storage.transactionSync(() => {
      if (expect !== undefined && !this.#isAsExpected(repository, digest, expect)) {
        return { kind: 'conflict' }
      }
      const known = keepsType ? this.#manifests.stored(repository, digest)?.record : undefined
      if (known !== undefined && known.mediaType !== record.mediaType) {
        return { kind: 'other-type', mediaType: known.mediaType }
      }
      const elsewhere = immutable.flatMap((tag) => {
        const target = this.#tags.target(repository, tag) ?? digest
        return target === digest ? [] : { tag, digest: target }
      })
      if (elsewhere.length > 0) return { kind: 'immutable', tags: elsewhere }
      const missing = requires.filter((one) => !this.#has(repository, one))
      if (missing.length > 0) {
        return { kind: 'missing', digests: [...new Set(missing.map((one) => one.digest))] }
      }
      const now = this.#clock()
      const created = this.#manifests.stored(repository, digest) === null
      const counts = this.#blobs.settle(blob)
      this.#blobs.begin(repository)
      this.#manifests.put(repository, record, now)
      const previous = tags.map((tag) => this.#tags.set(repository, tag, digest, now))
      return { kind: 'stored', blob: counts, created, previous }
    })
  }

  /** `isImmutable` is asked over RPC, so between two steps; tags that are set meanwhile are asked for too. */
  async deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    { leaseMs, isImmutable = null }: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null> {
    const mayGo = new Set<Tag>()
    for (;;) {
      const outcome = this.#storage.transactionSync(() => {
        const removed = this.#manifests.stored(repository, digest)
        if (removed === null) return null
        if (isImmutable !== null) {
          const all = this.#manifests.tagsOf(repository, digest, -1)
          const unasked = all.filter((tag) => !mayGo.has(tag))
          if (unasked.length > 0) return unasked
          if (this.#manifests.isNamed(repository, digest))
            return { kind: 'kept', tag: null } as const
        }
        const tags = this.#manifests.tagsOf(repository, digest, 1000)
        this.#manifests.remove(repository, digest, this.#clock() + leaseMs)
        return { kind: 'removed', ...removed, tags } as const
      })
      if (!Array.isArray(outcome)) return outcome
      const stays = await Promise.all(outcome.map((tag) => isImmutable?.(tag)))
      const tag = outcome[stays.indexOf(true)]
      if (tag !== undefined) return { kind: 'kept', tag }
      for (const tag of outcome) mayGo.add(tag)
    }
  }

  async deleteTag(repository: RepositoryName, tag: Tag): Promise<Digest | null> {
    return this.#tags.remove(repository, tag)
  }

  async listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null> {
    const records = await this.listTagRecords(repository, page)
    return records && { ...records, items: records.items.map(({ tag }) => tag) }
  }

  async listTagRecords(
    repository: RepositoryName,
    { after = '', limit }: PageRequest,
  ): Promise<Page<TagRecord> | null> {
    if (this.#counts(repository) === null) return null
    return pageOf(this.#tags.list(repository, after, limit + 1), limit)
  }

  async listManifests(
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<ManifestEntry> | null> {
    return this.#counts(repository) && this.#manifests.list(repository, page)
  }

  async listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    return this.#manifests.listReferrers(repository, subject, request)
  }

  async markMissing(blob: BlobRef): Promise<boolean> {
    return this.#blobs.markMissing(blob)
  }

  async healMissing(from: BlobRef, to: BlobRef): Promise<boolean> {
    return this.#blobs.heal(from, to)
  }

  async listNamed({ after = '', limit }: PageRequest): Promise<Page<NamedBytes>> {
    return pageOf(this.#blobs.named(after, limit + 1), limit)
  }

  async relocate(from: BlobRef, to: BlobRef): Promise<boolean> {
    return this.#blobs.relocate(from, to)
  }

  async listMissing(limit: number): Promise<MissingBytes> {
    return this.#blobs.missing(limit)
  }

  /** Many links may be due at once: others are served between one step and the next. */
  async condemn(limit: number): Promise<readonly BlobRef[]> {
    for (;;) {
      const found = this.#blobs.trash(limit)
      if (found.length === limit || !this.#blobs.unlinkDue(this.#clock())) {
        this.#blobs.tried(found)
        return found
      }
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }

  async forget(blob: BlobRef): Promise<void> {
    this.#blobs.forget(blob)
  }

  async knowsKeys(keys: readonly StoredKey[]): Promise<readonly boolean[]> {
    const alone = keys.filter(({ digest }) => digest === null).map(({ key }) => key)
    const known = this.#blobs.known(alone)
    return keys.map(({ digest, key }) =>
      digest === null ? known.has(key) : this.#blobs.knows({ digest, key }),
    )
  }

  /** Those of the blobs whose keys nothing knows. */
  async unnamed(blobs: readonly BlobRef[]): Promise<readonly BlobRef[]> {
    return blobs.filter((blob) => !this.#blobs.knows(blob))
  }

  async check(): Promise<void> {
    this.#sql.exec('SELECT 1 FROM repositories LIMIT 1').toArray()
  }

  /** Nothing to release: the tables are the object's. */
  async close(): Promise<void> {}

  #counts(repository: RepositoryName): RepositoryCounts | null {
    const [row] = this.#sql
      .exec<RepositoryCounts>(
        'SELECT manifests, tags, blobs FROM repositories WHERE name = ?',
        repository,
      )
      .toArray()
    return row ?? null
  }

  #has(repository: RepositoryName, { digest, kind }: ManifestChange['requires'][number]): boolean {
    if (this.#blobs.find(repository, digest) !== null) return true
    return kind === 'manifest' && this.#manifests.find(repository, digest) !== null
  }

  #isAsExpected(
    repository: RepositoryName,
    pushed: Digest,
    { tag, match, noneMatch }: TagExpectation,
  ): boolean {
    const digest = tag === null ? pushed : this.#tags.target(repository, tag)
    const current =
      digest !== null && this.#manifests.find(repository, digest) !== null ? digest : null
    const among = (digests: ExpectedDigests): boolean =>
      current !== null && (digests === 'any' || digests.includes(current))
    return (match === undefined || among(match)) && (noneMatch === undefined || !among(noneMatch))
  }
}

/** The tables a repository is in, with the column that has its name. */
const holdings = [
  ['repositories', 'name'],
  ['manifests', 'repository'],
  ['links', 'repository'],
] as const

/** One item more than `limit` was asked for, to see whether there is more. */
function pageOf<T>(items: readonly T[], limit: number): Page<T> {
  return { items: items.slice(0, limit), more: items.length > limit }
}
