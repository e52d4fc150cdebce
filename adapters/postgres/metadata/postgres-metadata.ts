import type { Descriptor, Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type {
  BlobDeletion,
  BlobRef,
  BlobRemoval,
  DeletionOptions,
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
  PullNote,
  ReferrersRequest,
  RemovedManifest,
  RepositoryCounts,
  RestoreOptions,
  RestoreOutcome,
  StoredKey,
  TagDeletion,
  TagRecord,
  TrashEntry,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import * as blobs from './blob-reads.ts'
import { ChangeQueue } from './change-queue.ts'
import * as changes from './changes.ts'
import * as garbage from './garbage.ts'
import { deleteManifest } from './manifest-deletions.ts'
import * as manifests from './manifest-reads.ts'
import * as pulls from './pulls.ts'
import { putManifest } from './put-manifest.ts'
import { listReferrers } from './referrer-reads.ts'
import { deleteEmptyRepositories, deleteRepository } from './repository-deletions.ts'
import * as repositories from './repository-reads.ts'
import { restore } from './restore.ts'
import * as tags from './tag-reads.ts'
import { dropTrash } from './trash-ends.ts'
import { listTrash } from './trash-reads.ts'

/**
 * Names in PostgreSQL, of which any number of nodes change and read the same. A read is one statement. Changes of a
 * repository come one after the other, in transactions that many of them share.
 */
export class PostgresMetadata implements MetadataStore {
  readonly countsBytes: boolean = true
  readonly keepsTimes: boolean = true
  readonly checksDeletions: boolean = true
  readonly keepsTrash: boolean = true
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

  deleteRepository(
    repository: RepositoryName,
    { trashMs = 0 }: DeletionOptions = {},
  ): Promise<RepositoryCounts | null> {
    return deleteRepository(this.#database, repository, trashMs)
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
    options: BlobDeletion = {},
  ): Promise<BlobRemoval> {
    return this.#queue.add(repository, changes.unlinkBlob(repository, digest, options))
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

  async putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    return this.#queue.add(repository, putManifest(repository, change))
  }

  deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    options: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null> {
    return deleteManifest(this.#database, repository, digest, options)
  }

  deleteTag(
    repository: RepositoryName,
    tag: Tag,
    options: TagDeletion = {},
  ): Promise<Digest | null> {
    return this.#queue.add(repository, changes.deleteTag(repository, tag, options))
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

  listTrash(page: PageRequest, repository?: RepositoryName): Promise<Page<TrashEntry>> {
    return listTrash(this.#database, page, repository)
  }

  restore(
    repository: RepositoryName,
    id: string,
    options: RestoreOptions,
  ): Promise<RestoreOutcome | null> {
    return restore(this.#database, repository, id, options)
  }

  dropTrash(ids: readonly string[] | 'all', limit: number): Promise<number> {
    return dropTrash(this.#database, ids, limit)
  }

  notePulls(notes: readonly PullNote[]): Promise<void> {
    return pulls.notePulls(this.#database, notes)
  }

  pullsSince(): Promise<number | null> {
    return pulls.pullsSince(this.#database)
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

  healMissing(from: BlobRef, to: BlobRef): Promise<boolean> {
    return garbage.healMissing(this.#database, from, to)
  }

  relocate(from: BlobRef, to: BlobRef): Promise<boolean> {
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

  /** The connections are those of all stores. */
  async close(): Promise<void> {}
}
