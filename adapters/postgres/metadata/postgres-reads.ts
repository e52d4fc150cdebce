import type { Descriptor, Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type {
  BlobRef,
  BytesReasons,
  DigestUse,
  DueGarbage,
  FoundTags,
  ManifestEntry,
  ManifestRecord,
  MissingBytes,
  NamedBytes,
  Page,
  PageRequest,
  ReferrerCount,
  ReferrersRequest,
  RepositoryCounts,
  RepositorySummary,
  StoredKey,
  TagRecord,
  TagSearch,
  TrashEntry,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import * as blobs from './blob-reads.ts'
import * as browsing from './browsing.ts'
import * as garbage from './garbage.ts'
import * as reasons from './garbage-reasons.ts'
import * as manifests from './manifest-reads.ts'
import * as pulls from './pulls.ts'
import { listReferrers } from './referrer-reads.ts'
import * as repositories from './repository-reads.ts'
import * as tags from './tag-reads.ts'
import { findTags } from './tag-searches.ts'
import { listTrash } from './trash-reads.ts'

/** What can be read of names in PostgreSQL: each is one statement, or a few. */
export class PostgresReads {
  protected readonly database: Database
  protected readonly trashMs: number

  /** @param trashMs how long bytes are kept that nothing names any more, in milliseconds */
  constructor(database: Database, trashMs: number) {
    this.database = database
    this.trashMs = trashMs
  }

  hasRepository(repository: RepositoryName): Promise<boolean> {
    return repositories.hasRepository(this.database, repository)
  }

  listRepositories(page: PageRequest): Promise<Page<RepositoryName>> {
    return repositories.listRepositories(this.database, page)
  }

  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return repositories.countRepository(this.database, repository)
  }

  findBlob(repository: RepositoryName, digest: Digest): Promise<BlobRef | null> {
    return blobs.findBlob(this.database, repository, digest)
  }

  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    return blobs.repositoriesWith(this.database, digest, limit)
  }

  listBlobs(repository: RepositoryName, page: PageRequest): Promise<Page<BlobRef> | null> {
    return blobs.listBlobs(this.database, repository, page)
  }

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return manifests.findManifest(this.database, repository, digest)
  }

  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    return manifests.resolveTag(this.database, repository, tag)
  }

  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null> {
    return tags.listTags(this.database, repository, page)
  }

  listTagRecords(repository: RepositoryName, page: PageRequest): Promise<Page<TagRecord> | null> {
    return tags.listTagRecords(this.database, repository, page)
  }

  listManifests(
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<ManifestEntry> | null> {
    return manifests.listManifests(this.database, repository, page)
  }

  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    return listReferrers(this.database, repository, subject, request)
  }

  listTrash(page: PageRequest, repository?: RepositoryName): Promise<Page<TrashEntry>> {
    return listTrash(this.database, page, repository)
  }

  findTags(repository: RepositoryName, search: TagSearch): Promise<FoundTags | null> {
    return findTags(this.database, repository, search)
  }

  countReferrers(
    repository: RepositoryName,
    subjects: readonly string[],
  ): Promise<ReadonlyArray<readonly ReferrerCount[]>> {
    return browsing.countReferrers(this.database, repository, subjects)
  }

  summarizeRepositories(
    names: readonly RepositoryName[],
  ): Promise<ReadonlyArray<RepositorySummary | null>> {
    return browsing.summarizeRepositories(this.database, names)
  }

  useOfDigests(
    repository: RepositoryName,
    digests: readonly Digest[],
  ): Promise<ReadonlyArray<DigestUse | null>> {
    return browsing.useOfDigests(this.database, repository, digests)
  }

  pullsSince(): Promise<number | null> {
    return pulls.pullsSince(this.database)
  }

  listMissing(limit: number): Promise<MissingBytes> {
    return garbage.listMissing(this.database, limit)
  }

  listNamed(page: PageRequest): Promise<Page<NamedBytes>> {
    return blobs.listNamed(this.database, page)
  }

  dueGarbage(limit: number): Promise<DueGarbage> {
    return reasons.dueGarbage(this.database, limit, this.trashMs)
  }

  explainBytes(digest: Digest, limit: number): Promise<BytesReasons | null> {
    return reasons.explainBytes(this.database, digest, limit)
  }

  knowsKeys(keys: readonly StoredKey[]): Promise<readonly boolean[]> {
    return garbage.knowsKeys(this.database, keys)
  }

  check(): Promise<void> {
    return this.database.check()
  }
}
