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

/** What the tag must be at the moment of the change, or nothing changes. */
export interface TagExpectation {
  /** Digests one of which the tag must have (`If-Match`); `*` any. */
  readonly match?: readonly string[]
  /** Digests none of which the tag may have (`If-None-Match`); `*` any at all. */
  readonly noneMatch?: readonly string[]
}

/** A manifest to be recorded, with what has to hold for it. */
export interface ManifestChange {
  readonly record: ManifestRecord
  /** Set to this manifest in the same step. */
  readonly tags: readonly Tag[]
  /** Content this repository must have: a linked blob, or (`manifest`) a manifest or a linked blob. */
  readonly requires: ReadonlyArray<{ readonly digest: Digest; readonly kind: 'blob' | 'manifest' }>
  /** Checked against the first tag, or the manifest itself when there is none. */
  readonly expect?: TagExpectation
}

/** What became of a {@link ManifestChange}. */
export type ManifestOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] }
  | { readonly kind: 'conflict' }

/**
 * Names: which repository has which blobs, manifests, tags and referrers. Every method is one
 * atomic change, durable when it resolves, and no reader sees a change that is not yet durable.
 * Lists are paged and in byte order. No cost grows with what is stored.
 *
 * All methods throw RegistryError `storageFull` (nothing changed; later calls may succeed) or
 * `storageReadOnly` (a sync failed: nothing can be changed until the process starts again).
 *
 * A repository begins with the first thing put in it and does not end with the last.
 */
export interface MetadataStore {
  hasRepository(repository: RepositoryName): Promise<boolean>
  /** Names of repositories. */
  listRepositories(page: PageRequest): Promise<Page<RepositoryName>>

  /** The blob as this repository has it, or null. With `keepUntil`, extends its lease. */
  findBlob(repository: RepositoryName, digest: Digest, keepUntil?: number): Promise<BlobRef | null>
  /** The blob if any repository has it, wherever: for deciding whether bytes need to be sent. */
  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]>
  /**
   * Makes a committed blob readable in a repository. Returns the reference that counts: where the
   * digest was stored before under another key, that one, and the caller deletes its own.
   */
  linkBlob(repository: RepositoryName, blob: BlobRef, keepUntil: number): Promise<BlobRef>
  /** Makes a blob of `from` readable in `to`; null when `from` does not have it. */
  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    keepUntil: number,
  ): Promise<BlobRef | null>
  /** Takes a blob out of a repository; false when it was not there. */
  unlinkBlob(repository: RepositoryName, digest: Digest): Promise<boolean>

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null>
  /** The manifest a tag stands for, or null. */
  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null>
  /** Records a manifest with its tags if all it requires is there, in one step. */
  putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome>
  /** Removes a manifest and every tag that stands for it; false when it was not there. */
  deleteManifest(repository: RepositoryName, digest: Digest): Promise<boolean>
  /** Removes a tag and nothing else; false when it was not there. */
  deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean>
  /** Null when there is no such repository. */
  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null>
  /** Manifests of the repository whose subject is `subject`, by digest. */
  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>>

  /**
   * Finds up to `limit` blobs that no manifest names and whose leases ended before `before`, takes
   * them out of their repositories, and returns those that nothing holds any more. Their bytes may
   * then be deleted, unless {@link isHeld} says otherwise by then; {@link forget} ends it.
   */
  condemn(before: number, limit: number): Promise<readonly BlobRef[]>
  /** Whether anything holds these bytes now, under this key. */
  isHeld(blob: BlobRef): Promise<boolean>
  /** The condemned blob's bytes are gone. */
  forget(blob: BlobRef): Promise<void>

  /** Makes everything durable and lets go. */
  close(): Promise<void>
}
