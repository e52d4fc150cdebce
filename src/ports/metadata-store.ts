import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef, StoredKey } from './blob-store.ts'
import type { Browsing } from './browsing.ts'
import type { MetadataFigures } from './figures.ts'
import type { GarbageReasons } from './garbage-values.ts'
import type {
  BlobDeletion,
  BlobRemoval,
  KeptManifest,
  ManifestDeletion,
  RemovedManifest,
  RepositoryDeletion,
  TagDeletion,
} from './metadata-deletions.ts'
import type {
  ManifestChange,
  ManifestEntry,
  ManifestOutcome,
  ManifestRecord,
  MissingBytes,
  NamedBytes,
  Page,
  PageRequest,
  PullNote,
  ReferrersRequest,
  RepositoryCounts,
  TagRecord,
} from './metadata-values.ts'
import type { NameFiles } from './name-files.ts'
import type { Outbox, Telling } from './outbox.ts'
import type { TrashedNames } from './trashed-names.ts'

export type * from './browsing.ts'
export type * from './garbage-values.ts'
export type * from './metadata-deletions.ts'
export type * from './metadata-values.ts'
export type * from './outbox.ts'
export type * from './trashed-names.ts'

/**
 * Names: which repository has which blobs, manifests, tags and referrers. Every method is one
 * atomic change, durable when it resolves, and no reader sees a change that is not yet durable.
 * Lists are paged and in byte order. No cost grows with what is stored.
 *
 * The store decides which key a digest's bytes are under: the first that was linked counts, until
 * nothing names the digest any more or its bytes are known to be missing. A key that lost is never
 * named again.
 *
 * Leases are durations, by the store's own clock, and outlive the process. A blob that no manifest of
 * its repository names is kept at least as long as its longest lease; one that loses its last such
 * manifest lives one more lease.
 *
 * All methods throw RegistryError `storageFull` (nothing changed; later calls may succeed),
 * `storageReadOnly` (a sync failed: nothing can be changed until the process starts again) or
 * `unavailable`. Every method may be called again after an error: each is idempotent.
 *
 * A repository begins with the first thing put in it and does not end with the last.
 */
export interface MetadataStore extends TrashedNames, GarbageReasons, Browsing, NameFiles {
  /**
   * Whether the store counts the bytes of repositories, as they change and not when it is asked, and so can hold
   * them to quotas (`mostBytes`). Default: no.
   */
  readonly countsBytes?: boolean
  /** Whether the store records the `times` of a change. Default: no, and each change has the time it was made. */
  readonly keepsTimes?: boolean
  /**
   * Whether deletions look at `expect`, `notSince` and `unlessHas` in the step that makes them. Default: no, and what has to
   * delete safely beside pushes, such as retention, refuses the store.
   */
  readonly checksDeletions?: boolean
  /**
   * Whether what is deleted with `trashMs` can be brought back. Then the store has `listTrash`, `restore` and
   * `dropTrash`. Default: no, and a deletion is for good.
   */
  readonly keepsTrash?: boolean
  /**
   * Messages that were stored with changes: what `tell` in the options of a change returned. Absent where the store keeps
   * none; then `tell` is not called.
   */
  readonly outbox?: Outbox
  hasRepository(repository: RepositoryName): Promise<boolean>
  /** Names of repositories. */
  listRepositories(page: PageRequest): Promise<Page<RepositoryName>>
  /** What a repository holds; null when there is no such repository. */
  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null>
  /**
   * Removes a repository with its tags, manifests and links; what it held, or null when there is no
   * such repository. Blobs that it alone had become garbage at once, or when its time in the trash is over.
   */
  deleteRepository(
    repository: RepositoryName,
    options?: RepositoryDeletion,
  ): Promise<RepositoryCounts | null>
  /**
   * Removes up to `limit` repositories that hold nothing, of `among` where it is given; their names. `tell` is called
   * for each.
   */
  deleteEmptyRepositories(
    limit: number,
    among?: readonly RepositoryName[],
    options?: Telling<RepositoryName>,
  ): Promise<readonly RepositoryName[]>

  /** The blob as this repository has it, or null, also where its bytes are known to be missing. */
  findBlob(repository: RepositoryName, digest: Digest): Promise<BlobRef | null>
  /**
   * As {@link findBlob}, and keeps the blob at least `leaseMs` from now. Writes nothing where a
   * manifest names it or its lease is long enough.
   */
  keepBlob(repository: RepositoryName, digest: Digest, leaseMs: number): Promise<BlobRef | null>
  /** Some repositories that have the blob: for deciding whether bytes need to be sent. */
  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]>
  /**
   * Makes a committed blob readable in a repository for at least `leaseMs`. Returns the reference
   * that counts: where that is another key, the caller deletes its own. `tell` hears of it too.
   */
  linkBlob(
    repository: RepositoryName,
    blob: BlobRef,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef>
  /** Makes a blob of `from` readable in `to`; null when `from` does not have it. */
  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef | null>
  /** Takes a blob out of a repository. */
  unlinkBlob(
    repository: RepositoryName,
    digest: Digest,
    options?: BlobDeletion,
  ): Promise<BlobRemoval>
  /** Blobs of a repository, by digest; null when there is no such repository. */
  listBlobs(repository: RepositoryName, page: PageRequest): Promise<Page<BlobRef> | null>

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null>
  /** The manifest a tag stands for, or null. */
  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null>
  /**
   * Records a manifest with its tags in one step, if what it expects holds, its immutable tags are free or
   * its own, and all it requires is there. Looked at in this order.
   */
  putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome>
  /**
   * Removes a manifest and every tag that stands for it; null when it was not there. What it alone
   * named in the repository is kept for `leaseMs` more.
   */
  deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    options: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null>
  /**
   * Removes a tag and nothing else; what it stood for, or null when it was not there, or not as the options
   * expect it.
   */
  deleteTag(repository: RepositoryName, tag: Tag, options?: TagDeletion): Promise<Digest | null>
  /** Null when there is no such repository. */
  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null>
  /** As {@link listTags}, with what each stands for. */
  listTagRecords(repository: RepositoryName, page: PageRequest): Promise<Page<TagRecord> | null>
  /** Manifests of a repository, by digest, tagged or not; null when there is no such repository. */
  listManifests(repository: RepositoryName, page: PageRequest): Promise<Page<ManifestEntry> | null>
  /** Manifests of the repository whose subject is `subject`, by digest. */
  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>>

  /**
   * Notes pulls of manifests, in one change (`pulledAt` of their records). A pull that is earlier than one noted
   * before, or of a manifest that is not there, changes nothing. An empty list says that pulls are noted from now
   * on. Absent where a store notes neither pulls nor when a manifest lost its last tag.
   */
  notePulls?(pulls: readonly PullNote[]): Promise<void>
  /**
   * Since when pulls are noted, in milliseconds since the epoch: the first {@link notePulls}. Null before it. What
   * was pulled earlier than that is not known.
   */
  pullsSince?(): Promise<number | null>

  /**
   * Notes that bytes are missing or damaged. From then on no method finds the blob or a manifest of
   * these bytes, and the next link or push of the digest puts its own key in place and heals it.
   * False, and nothing is noted, when the key does not count any more.
   */
  markMissing(blob: BlobRef): Promise<boolean>
  /** Bytes that are known to be missing, at most `limit` of them. */
  listMissing(limit: number): Promise<MissingBytes>

  /**
   * Puts bytes in the place of those that are known to be missing: `to` counts from then on, and `from` is named no
   * more. Where both are the same key, its bytes are there after all. False, and nothing changes, where `from` does
   * not count or is not known to be missing, or `to` was condemned; true where `to` counts already.
   */
  healMissing(from: BlobRef, to: BlobRef): Promise<boolean>
  /**
   * Every digest that something names, in whichever repository, by digest: to look whether its bytes are there. One
   * that lost its last name may be among them until it is collected. A store that does not keep digests in order may
   * look through all of them for some pages, in steps.
   */
  listNamed(page: PageRequest): Promise<Page<NamedBytes>>

  /**
   * Has names point at a copy of bytes under another key: `to` counts from then on, and `from` is named
   * no more. False, and nothing changes, where neither counts, the bytes are missing, or `to` was
   * condemned. For a blob store that compacts.
   */
  relocate(from: BlobRef, to: BlobRef): Promise<boolean>

  /**
   * Ends entries of the trash whose time is over, takes links out of their repositories that no manifest names
   * and whose leases are over, and returns up to `limit` blobs whose keys nothing names any more: their bytes may be deleted.
   * {@link forget} ends each; one that is not forgotten is returned again later.
   */
  condemn(limit: number): Promise<readonly BlobRef[]>
  /** The bytes under the condemned key are gone. */
  forget(blob: BlobRef): Promise<void>
  /**
   * Which of the keys the store knows: those that are named, or condemned and not yet forgotten. One answer
   * for each, in order. A sweep asks for thousands at once. A store that does not keep its names by key
   * may look through all of them, in steps.
   */
  knowsKeys(keys: readonly StoredKey[]): Promise<readonly boolean[]>

  /** Figures for operators. They cost the same however much is stored; nothing is looked up. */
  figures?(): MetadataFigures
  /** Whether the store can be used now. @throws Error that says why not. */
  check?(): Promise<void>
  /** Makes everything durable and releases what the store holds; harmless when repeated. */
  close(): Promise<void>
}
