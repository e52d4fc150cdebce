import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from './blob-store.ts'

/**
 * What is known of a manifest without its bytes. `annotations` absent: it has none; empty: it has
 * more than a record should hold, and they are read from its bytes.
 */
export interface ManifestRecord extends Descriptor {
  /** Where its bytes are. */
  readonly blob: BlobRef
  /** The digest it says it refers to, verbatim, if any: of any algorithm. */
  readonly subject?: string
  /** Content it names that must not be collected while it stands: blobs and manifests alike. */
  readonly references: readonly Digest[]
  /** When it was last pushed here, in milliseconds since the epoch. */
  readonly pushedAt: number
}

/** Part of a sorted list, in byte order. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Whether more follow after the last item. */
  readonly more: boolean
}

/** Where a page starts and how long it is. */
export interface PageRequest {
  /** Exclusive; need not exist. */
  readonly after?: string
  readonly limit: number
}

/** Which referrers, and how many bytes of them. */
export interface ReferrersRequest {
  /** Exclusive: the digest of the last descriptor of the page before. */
  readonly after?: string
  readonly artifactType?: string
  /**
   * How large the descriptors of the page may grow as JSON, in bytes of UTF-8, as `descriptorBytes`
   * counts them. At least one descriptor is returned, and at most `mostDescriptors`.
   */
  readonly maxBytes: number
}

/** Digests that an expectation accepts or excludes; `any` stands for whatever is there. */
export type ExpectedDigests = 'any' | readonly Digest[]

/** What must be so at the moment of a change, or nothing changes. */
export interface Expectation {
  /** One of these digests must be there. */
  readonly match?: ExpectedDigests
  /** None of these digests may be there. */
  readonly noneMatch?: ExpectedDigests
}

/** What a tag, or the manifest itself, must be at the moment of a change. */
export interface TagExpectation extends Expectation {
  /** The tag that is looked at; null for the manifest that is pushed. */
  readonly tag: Tag | null
}

/** A manifest to be recorded, with what has to hold for it. */
export interface ManifestChange {
  readonly record: Omit<ManifestRecord, 'pushedAt'>
  /** Set to this manifest in the same step. */
  readonly tags: readonly Tag[]
  /** Content this repository must have: a linked blob, or (`manifest`) a manifest or a linked blob. */
  readonly requires: ReadonlyArray<{ readonly digest: Digest; readonly kind: 'blob' | 'manifest' }>
  readonly expect?: TagExpectation
}

/** What became of a {@link ManifestChange}. */
export type ManifestOutcome =
  | {
      readonly kind: 'stored'
      /** The reference that counts: where it is another than the record's, the caller deletes its own. */
      readonly blob: BlobRef
      /** Whether the repository did not have the manifest before. */
      readonly created: boolean
      /** What each tag of the change stood for before, in their order; null for a new tag. */
      readonly previous: ReadonlyArray<Digest | null>
    }
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] }
  | { readonly kind: 'conflict' }

/** A manifest that was removed, with the tags that went with it. */
export interface RemovedManifest {
  readonly record: ManifestRecord
  /** The first of its tags, in byte order: at most 1,000. */
  readonly tags: readonly Tag[]
  /** How many tags it had. */
  readonly tagCount: number
}

/** A tag, what it stands for, and since when. */
export interface TagRecord {
  readonly tag: Tag
  readonly digest: Digest
  /** When it was last set, in milliseconds since the epoch. */
  readonly updatedAt: number
}

/** A manifest in a list, with its tags. */
export interface ManifestEntry {
  readonly record: ManifestRecord
  /** The first of its tags, in byte order: at most 100. */
  readonly tags: readonly Tag[]
  /** How many tags it has. */
  readonly tagCount: number
}

/** What a repository holds. */
export interface RepositoryCounts {
  readonly manifests: number
  readonly tags: number
  readonly blobs: number
}

/** Bytes that are known to be missing or damaged. */
export interface MissingBytes {
  /** How many digests there are. */
  readonly count: number
  /** Some of them, up to the limit that was asked for. */
  readonly blobs: readonly BlobRef[]
}

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
export interface MetadataStore {
  hasRepository(repository: RepositoryName): Promise<boolean>
  /** Names of repositories. */
  listRepositories(page: PageRequest): Promise<Page<RepositoryName>>
  /** What a repository holds; null when there is no such repository. */
  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null>
  /**
   * Removes a repository with its tags, manifests and links; what it held, or null when there is no
   * such repository. Blobs that it alone had become garbage at once.
   */
  deleteRepository(repository: RepositoryName): Promise<RepositoryCounts | null>
  /** Removes up to `limit` repositories that hold nothing; their names. */
  deleteEmptyRepositories(limit: number): Promise<readonly RepositoryName[]>

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
   * that counts: where that is another key, the caller deletes its own.
   */
  linkBlob(repository: RepositoryName, blob: BlobRef, leaseMs: number): Promise<BlobRef>
  /** Makes a blob of `from` readable in `to`; null when `from` does not have it. */
  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null>
  /** Takes a blob out of a repository; false when it was not there. */
  unlinkBlob(repository: RepositoryName, digest: Digest): Promise<boolean>
  /** Blobs of a repository, by digest; null when there is no such repository. */
  listBlobs(repository: RepositoryName, page: PageRequest): Promise<Page<BlobRef> | null>

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null>
  /** The manifest a tag stands for, or null. */
  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null>
  /** Records a manifest with its tags if all it requires is there, in one step. */
  putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome>
  /**
   * Removes a manifest and every tag that stands for it; null when it was not there. What it alone
   * named in the repository is kept for `leaseMs` more.
   */
  deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<RemovedManifest | null>
  /** Removes a tag and nothing else; what it stood for, or null when it was not there. */
  deleteTag(repository: RepositoryName, tag: Tag): Promise<Digest | null>
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
   * Notes that bytes are missing or damaged. From then on no method finds the blob or a manifest of
   * these bytes, and the next link or push of the digest puts its own key in place and heals it.
   * False, and nothing is noted, when the key does not count any more.
   */
  markMissing(blob: BlobRef): Promise<boolean>
  /** Bytes that are known to be missing, at most `limit` of them. */
  listMissing(limit: number): Promise<MissingBytes>

  /**
   * Has names point at a copy of bytes under another key: `to` counts from then on, and `from` is named
   * no more. False, and nothing changes, where neither counts, the bytes are missing, or `to` was
   * condemned. For a blob store that compacts.
   */
  relocate(from: BlobRef, to: BlobRef): Promise<boolean>

  /**
   * Takes links out of their repositories that no manifest names and whose leases are over, and
   * returns up to `limit` blobs whose keys nothing names any more: their bytes may be deleted.
   * {@link forget} ends each; one that is not forgotten is returned again later.
   */
  condemn(limit: number): Promise<readonly BlobRef[]>
  /** The bytes under the condemned key are gone. */
  forget(blob: BlobRef): Promise<void>
  /** Whether the store knows the key: it is named, or condemned and not yet forgotten. */
  knowsKey(digest: Digest, key: string): Promise<boolean>

  /** Whether the store can be used now. @throws Error that says why not. */
  check?(): Promise<void>
  /** Makes everything durable and releases what the store holds; harmless when repeated. */
  close(): Promise<void>
}
