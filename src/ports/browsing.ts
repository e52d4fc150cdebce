import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { RepositoryCounts, TagRecord } from './metadata-values.ts'

/**
 * What tags are sorted by. Tags that are the same by that are sorted by name, in byte order; descending turns both
 * around.
 *
 * - `name`: in byte order
 * - `updated`: when the tag was last set
 * - `size`: of what the tag stands for (`contentSize`); tags whose size is not known are the smallest. Where the bytes
 *   of a manifest are known to be missing, its tags stand there, or where they stood before
 * - `version`: as `versionKey` says. Tags that are versions come first in both directions, the others in natural order
 *   after them
 */
export type TagOrder = 'name' | 'updated' | 'version' | 'size'

/** Which tags of a repository, and in which order. */
export interface TagSearch {
  readonly order: TagOrder
  readonly descending: boolean
  /** Part of the name; ASCII letters match in both cases. Default: all tags. */
  readonly filter?: string
  /** Where the page begins: `next` of the page before, for the same order. */
  readonly after?: string
  /** At least 1. */
  readonly limit: number
}

/** A tag, with what is known of the manifest that it stands for. */
export interface FoundTag extends TagRecord {
  /** As in the manifest's record; null where it is not known. */
  readonly contentSize: number | null
  /** Who pushed the manifest last; null where that is not known. */
  readonly pushedBy: string | null
  /** Of the manifest; empty where its bytes are known to be missing. */
  readonly mediaType: string
}

/** A page of tags in the order that was asked for. */
export interface FoundTags {
  readonly items: readonly FoundTag[]
  /** Where the next page begins; null after the last one. It has what the tags are sorted by, so pushes do not move it. */
  readonly next: string | null
}

/** A repository in a list. */
export interface RepositorySummary extends RepositoryCounts {
  readonly repository: RepositoryName
}

/** How many referrers of one artifact type a manifest has. */
export interface ReferrerCount {
  /** Empty for those that have none. */
  readonly artifactType: string
  readonly count: number
}

/** What a repository, and all others, have to do with a digest: to tell which bytes a deletion frees. */
export interface DigestUse {
  /** In bytes; 0 where its bytes are known to be missing. */
  readonly size: number
  /** Whether the repository has it as a blob. */
  readonly isBlob: boolean
  /** Whether the repository has it as a manifest. */
  readonly isManifest: boolean
  /** How many manifests of the repository name it. */
  readonly namedBy: number
  /**
   * Whether a manifest of another repository keeps the bytes: it is the digest, or names it in a repository that has it as
   * a blob. Leases and the trash do not count. Null where too many repositories would have to be looked at.
   */
  readonly isElsewhere: boolean | null
}

/** What a store of names can tell for a page that people look at. Each has a fallback over the lists, which is slow. */
export interface Browsing {
  /**
   * Tags of a repository, sorted over all of them; null when there is no such repository. A store answers from an index,
   * or looks through all tags in steps, with bounded memory.
   *
   * @throws RegistryError `pageInvalid` where `after` is not a place in that order.
   */
  findTags?(repository: RepositoryName, search: TagSearch): Promise<FoundTags | null>
  /**
   * How many referrers of which artifact type each of the subjects has, in their order. The first 100 types, in byte
   * order; the referrers of all others are counted under the type `*`.
   */
  countReferrers?(
    repository: RepositoryName,
    subjects: readonly string[],
  ): Promise<ReadonlyArray<readonly ReferrerCount[]>>
  /** What each of the repositories holds, in their order; null for one that is not there. */
  summarizeRepositories?(
    names: readonly RepositoryName[],
  ): Promise<ReadonlyArray<RepositorySummary | null>>
  /** What the repository has to do with each digest, in their order; null where it has it neither as blob nor as manifest. */
  useOfDigests?(
    repository: RepositoryName,
    digests: readonly Digest[],
  ): Promise<ReadonlyArray<DigestUse | null>>
}
