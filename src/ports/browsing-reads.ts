import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { FoundTags, ReferrerCount, RepositorySummary, TagSearch } from './browsing.ts'
import type { CallContext } from './call-context.ts'

/** A manifest that a deletion is about. */
export interface PreviewedManifest {
  readonly digest: Digest
  /** Of the manifest itself, in bytes. */
  readonly size: number
  readonly mediaType: string
  readonly artifactType?: string
  /** The first of its tags, in byte order: at most 100. */
  readonly tags: readonly Tag[]
  readonly tagCount: number
}

/** A manifest whose subject goes. */
export interface PreviewedReferrer {
  readonly digest: Digest
  readonly artifactType?: string
}

/**
 * What a deletion would do, as far as it can be told now: others may push meanwhile. Lists name at most 1,000 and the
 * counts say how many there are; a count is null where it would take too long.
 */
export interface DeletionPreview {
  /** What was asked for and is not there. */
  readonly absent: readonly Reference[]
  /** Manifests that go, each with all its tags. */
  readonly manifests: readonly PreviewedManifest[]
  readonly manifestCount: number
  /** Tags that go: those that were asked for, and those of the manifests that go. */
  readonly tagCount: number
  /** Tags that were not asked for and go with a manifest. */
  readonly aliases: readonly Tag[]
  /** Manifests that stay and lose their last tag. */
  readonly untagged: readonly PreviewedManifest[]
  /** Manifests whose subject goes. They stay, but are about something that is not there. */
  readonly referrers: readonly PreviewedReferrer[]
  readonly referrerCount: number | null
  /** Indexes that stay and name a manifest that goes: clients cannot pull that part of them. */
  readonly parents: readonly PreviewedManifest[]
  readonly parentCount: number | null
  /** Manifests that stay, have no tag, and that no index names any more: what is left of an index that goes. */
  readonly children: readonly PreviewedManifest[]
  readonly childCount: number | null
  /**
   * The bytes that would be free in the end: when trash and leases are over and garbage is collected. Null where it would
   * take too long to find out.
   */
  readonly freedBytes: number | null
  /**
   * What `freedBytes` would be if no other repository had any of it: that tells nothing of what others have. Null where
   * it would take too long to find out.
   */
  readonly ownBytes: number | null
}

/** Indexes that name a manifest. */
export interface Parents {
  /** At most 1,000, in byte order of their digests. */
  readonly items: readonly PreviewedManifest[]
  /** How many there are; null where it would take too long to find out. */
  readonly count: number | null
}

/** The reads that a page for people stands on. A service that is made of others has `browseLists` for most of them. */
export interface BrowsingReads {
  /**
   * Tags in an order, sorted over all of them; null when there is no such repository.
   *
   * @throws RegistryError `pageInvalid` where `after` is not a place in that order.
   */
  findTags(
    call: CallContext,
    repository: RepositoryName,
    search: TagSearch,
  ): Promise<FoundTags | null>
  /**
   * How many referrers of which artifact type each of the subjects has, in their order. The first 100 types, in byte
   * order; the referrers of all others are counted under the type `*`.
   */
  countReferrers(
    call: CallContext,
    repository: RepositoryName,
    subjects: readonly string[],
  ): Promise<ReadonlyArray<readonly ReferrerCount[]>>
  /** The manifests of the repository that name this one; none where it is not there. */
  findParents(call: CallContext, repository: RepositoryName, digest: Digest): Promise<Parents>
  /**
   * What each of the repositories holds, in their order; null for one that is not there. A caller's permissions are not
   * looked at.
   */
  summarizeRepositories(
    call: CallContext,
    names: readonly RepositoryName[],
  ): Promise<ReadonlyArray<RepositorySummary | null>>
  /**
   * What a deletion would do: of tags alone, of manifests with all their tags, or of the repository. Changes nothing, and
   * does not look at `call.isImmutable`.
   *
   * @throws RegistryError `nameUnknown`.
   */
  previewDeletion(
    call: CallContext,
    repository: RepositoryName,
    targets: readonly Reference[] | 'repository',
  ): Promise<DeletionPreview>
}
