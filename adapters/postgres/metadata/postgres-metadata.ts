import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type {
  BlobDeletion,
  BlobRef,
  BlobRemoval,
  KeptManifest,
  ManifestChange,
  ManifestDeletion,
  ManifestOutcome,
  MetadataStore,
  PullNote,
  RemovedManifest,
  RepositoryCounts,
  RepositoryDeletion,
  RestoreOptions,
  RestoreOutcome,
  TagDeletion,
  Telling,
} from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import { PostgresOutbox } from '../outbox/postgres-outbox.ts'
import * as blobs from './blob-reads.ts'
import { ChangeQueue } from './change-queue.ts'
import * as changes from './changes.ts'
import * as garbage from './garbage.ts'
import { deleteManifest } from './manifest-deletions.ts'
import { PostgresReads } from './postgres-reads.ts'
import * as pulls from './pulls.ts'
import { putManifest } from './put-manifest.ts'
import { deleteEmptyRepositories, deleteRepository } from './repository-deletions.ts'
import { restore } from './restore.ts'
import { dropTrash } from './trash-ends.ts'

/**
 * Names in PostgreSQL, of which any number of nodes change and read the same. A read is one statement. Changes of a
 * repository come one after the other, in transactions that many of them share.
 */
export class PostgresMetadata extends PostgresReads implements MetadataStore {
  readonly countsBytes: boolean = true
  readonly keepsTimes: boolean = true
  readonly checksDeletions: boolean = true
  readonly keepsTrash: boolean = true
  readonly outbox: PostgresOutbox
  readonly #queue: ChangeQueue

  /** @param trashMs how long bytes are kept that nothing names any more, in milliseconds */
  constructor(database: Database, trashMs: number) {
    super(database, trashMs)
    this.outbox = new PostgresOutbox(database)
    this.#queue = new ChangeQueue(database, trashMs, this.outbox.outgoing)
  }

  deleteRepository(
    repository: RepositoryName,
    options: RepositoryDeletion = {},
  ): Promise<RepositoryCounts | null> {
    return deleteRepository(this.database, repository, options, this.outbox.outgoing)
  }

  deleteEmptyRepositories(
    limit: number,
    among?: readonly RepositoryName[],
    { tell }: Telling<RepositoryName> = {},
  ): Promise<readonly RepositoryName[]> {
    const outgoing = this.outbox.outgoing
    return deleteEmptyRepositories(this.database, limit, { among, tell, outgoing })
  }

  async keepBlob(
    repository: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    const found = await blobs.findKept(this.database, repository, digest, leaseMs)
    if (found === null || found.isKept) return found?.blob ?? null
    return this.#queue.add(repository, changes.keepBlob(repository, digest, leaseMs))
  }

  linkBlob(
    repository: RepositoryName,
    blob: BlobRef,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef> {
    return this.#queue.add(repository, changes.linkBlob(repository, blob, leaseMs, options))
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef | null> {
    return this.#queue.add(to, changes.mountBlob(from, to, digest, leaseMs, options))
  }

  unlinkBlob(
    repository: RepositoryName,
    digest: Digest,
    options: BlobDeletion = {},
  ): Promise<BlobRemoval> {
    return this.#queue.add(repository, changes.unlinkBlob(repository, digest, options))
  }

  async putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    return this.#queue.add(repository, putManifest(repository, change))
  }

  deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    options: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null> {
    return deleteManifest(this.database, repository, digest, options, this.outbox.outgoing)
  }

  deleteTag(
    repository: RepositoryName,
    tag: Tag,
    options: TagDeletion = {},
  ): Promise<Digest | null> {
    return this.#queue.add(repository, changes.deleteTag(repository, tag, options))
  }

  restore(
    repository: RepositoryName,
    id: string,
    options: RestoreOptions,
  ): Promise<RestoreOutcome | null> {
    return restore(this.database, repository, id, options, this.outbox.outgoing)
  }

  dropTrash(ids: readonly string[] | 'all', limit: number): Promise<number> {
    return dropTrash(this.database, ids, limit)
  }

  notePulls(notes: readonly PullNote[]): Promise<void> {
    return pulls.notePulls(this.database, notes)
  }

  markMissing(blob: BlobRef): Promise<boolean> {
    return garbage.markMissing(this.database, blob)
  }

  healMissing(from: BlobRef, to: BlobRef): Promise<boolean> {
    return garbage.healMissing(this.database, from, to)
  }

  relocate(from: BlobRef, to: BlobRef): Promise<boolean> {
    return garbage.relocate(this.database, from, to)
  }

  condemn(limit: number): Promise<readonly BlobRef[]> {
    return garbage.condemn(this.database, limit, this.trashMs)
  }

  forget(blob: BlobRef): Promise<void> {
    return garbage.forget(this.database, blob)
  }

  /** The connections are those of all stores. */
  async close(): Promise<void> {}
}
