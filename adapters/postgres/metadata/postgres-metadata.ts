import type { Descriptor, Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type {
  BlobDeletion,
  BlobRef,
  BlobRemoval,
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
  TagRecord,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import * as blobs from './blob-reads.ts'
import { ChangeQueue } from './change-queue.ts'
import * as changes from './changes.ts'
import * as garbage from './garbage.ts'
import { deleteManifest } from './manifest-deletions.ts'
import * as manifests from './manifest-reads.ts'
import { putManifest } from './put-manifest.ts'
import { listReferrers } from './referrer-reads.ts'
import { deleteEmptyRepositories, deleteRepository } from './repository-deletions.ts'
import * as repositories from './repository-reads.ts'
import * as tags from './tag-reads.ts'

/**
 * Names in PostgreSQL, of which any number of nodes change and read the same. A read is one statement. Changes of a
 * repository come one after the other, in transactions that many of them share.
 */
export class PostgresMetadata implements MetadataStore {
  readonly countsBytes: boolean = true
  readonly keepsTimes: boolean = true
  readonly #database: Database
  readonly #queue: ChangeQueue
  readonly #trashMs: number

  /** @param trashMs how long bytes are kept that nothing names any more, in milliseconds */
  constructor(database: Database, trashMs: number) {
    this.#database = database
    this.#queue = new ChangeQueue(database, trashMs)
    this.#trashMs = trashMs
  }

  hasRepository(repository: RepositoryName): Promise<boolean> {
    return repositories.hasRepository(this.#database, repository)
  }

  listRepositories(page: PageRequest): Promise<Page<RepositoryName>> {
    return repositories.listRepositories(this.#database, page)
  }

  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return repositories.countRepository(this.#database, repository)
  }

  deleteRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return deleteRepository(this.#database, repository)
  }

  deleteEmptyRepositories(
    limit: number,
    among?: readonly RepositoryName[],
  ): Promise<readonly RepositoryName[]> {
    return deleteEmptyRepositories(this.#database, limit, among)
  }

  findBlob(repository: RepositoryName, digest: Digest): Promise<BlobRef | null> {
    return blobs.findBlob(this.#database, repository, digest)
  }

  async keepBlob(
    repository: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    const found = await blobs.findKept(this.#database, repository, digest, leaseMs)
    if (found === null || found.isKept) return found?.blob ?? null
    return this.#queue.add(repository, changes.keepBlob(repository, digest, leaseMs))
  }

  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    return blobs.repositoriesWith(this.#database, digest, limit)
  }

  linkBlob(repository: RepositoryName, blob: BlobRef, leaseMs: number): Promise<BlobRef> {
    return this.#queue.add(repository, changes.linkBlob(repository, blob, leaseMs))
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    return this.#queue.add(to, changes.mountBlob(from, to, digest, leaseMs))
  }

  unlinkBlob(
    repository: RepositoryName,
    digest: Digest,
    { keepNamed = false }: BlobDeletion = {},
  ): Promise<BlobRemoval> {
    return this.#queue.add(repository, changes.unlinkBlob(repository, digest, keepNamed))
  }

  listBlobs(repository: RepositoryName, page: PageRequest): Promise<Page<BlobRef> | null> {
    return blobs.listBlobs(this.#database, repository, page)
  }

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return manifests.findManifest(this.#database, repository, digest)
  }

  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    return manifests.resolveTag(this.#database, repository, tag)
  }

  /** @throws TypeError when the record's blob is not the manifest itself. */
  async putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    const { digest, size, blob } = change.record
    if (blob.digest !== digest || blob.size !== size) {
      throw new TypeError(`the blob of manifest ${digest} is of another content`)
    }
    return this.#queue.add(repository, putManifest(repository, change))
  }

  deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    { leaseMs, isImmutable = null }: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null> {
    return deleteManifest(this.#database, repository, digest, leaseMs, isImmutable)
  }

  deleteTag(repository: RepositoryName, tag: Tag): Promise<Digest | null> {
    return this.#queue.add(repository, changes.deleteTag(repository, tag))
  }

  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null> {
    return tags.listTags(this.#database, repository, page)
  }

  listTagRecords(repository: RepositoryName, page: PageRequest): Promise<Page<TagRecord> | null> {
    return tags.listTagRecords(this.#database, repository, page)
  }

  listManifests(
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<ManifestEntry> | null> {
    return manifests.listManifests(this.#database, repository, page)
  }

  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    return listReferrers(this.#database, repository, subject, request)
  }

  markMissing(blob: BlobRef): Promise<boolean> {
    return garbage.markMissing(this.#database, blob)
  }

  listMissing(limit: number): Promise<MissingBytes> {
    return garbage.listMissing(this.#database, limit)
  }

  listNamed(page: PageRequest): Promise<Page<NamedBytes>> {
    return blobs.listNamed(this.#database, page)
  }

  /** @throws TypeError when the two are not of the same content. */
  async healMissing(from: BlobRef, to: BlobRef): Promise<boolean> {
    expectSameContent(from, to)
    return garbage.healMissing(this.#database, from, to)
  }

  /** @throws TypeError when the two are not of the same content. */
  async relocate(from: BlobRef, to: BlobRef): Promise<boolean> {
    expectSameContent(from, to)
    return garbage.relocate(this.#database, from, to)
  }

  condemn(limit: number): Promise<readonly BlobRef[]> {
    return garbage.condemn(this.#database, limit, this.#trashMs)
  }

  forget(blob: BlobRef): Promise<void> {
    return garbage.forget(this.#database, blob)
  }

  knowsKeys(keys: readonly StoredKey[]): Promise<readonly boolean[]> {
    return garbage.knowsKeys(this.#database, keys)
  }

  check(): Promise<void> {
    return this.#database.check()
  }

  /** Nothing to release: the connections are those of all stores. */
  async close(): Promise<void> {}
}

/** @throws TypeError */
function expectSameContent(from: BlobRef, to: BlobRef): void {
  if (from.digest === to.digest && from.size === to.size) return
  throw new TypeError(`the copy of ${from.digest} is of another content`)
}
