import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from './blob-store.ts'
import type { Telling } from './outbox.ts'

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
  /**
   * When its last tag left it, in milliseconds since the epoch. Absent while it has tags, where it never had any,
   * and where the store does not note it.
   */
  readonly untaggedAt?: number
  /**
   * The hour in which it was last pulled here: its beginning, in milliseconds since the epoch. Absent where no pull
   * was noted, and where the store does not note them ({@link MetadataStore.notePulls}).
   */
  readonly pulledAt?: number
  /**
   * Who pushed it last: the id of the principal, of which at most 256 characters are kept. Absent where that was an
   * anonymous caller or the program itself, and where it is not known.
   */
  readonly pushedBy?: string
  /**
   * The size of what it names, in bytes, each digest once: an image's config and layers, as its descriptors say; an
   * index's manifests and what they name, as far as the repository had them when it was pushed. Content that clients
   * fetch from somewhere else does not count. Absent where it is not known.
   */
  readonly contentSize?: number
}

/** A pull of a manifest. */
export interface PullNote {
  readonly repository: RepositoryName
  readonly digest: Digest
  /** In milliseconds since the epoch. */
  readonly at: number
}

/**
 * What is told of a manifest that is pushed: the store adds the times. Where `contentSize` is absent, as for an index, a
 * store that knows the sizes of what is named finds it out.
 */
export type NewManifestRecord = Omit<ManifestRecord, 'pushedAt' | 'untaggedAt' | 'pulledAt'>

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
export interface ManifestChange extends Telling<StoredOutcome> {
  readonly record: NewManifestRecord
  /** Set to this manifest in the same step. */
  readonly tags: readonly Tag[]
  /**
   * Those of `tags` that do not move: where one of them stands for another manifest, its bytes missing or
   * not, nothing changes.
   */
  readonly immutable: readonly Tag[]
  /**
   * Whether nothing changes where the repository has the manifest as another media type: an immutable tag stands
   * for a type too, which a manifest need not say itself. Default: false.
   */
  readonly keepsType?: boolean
  /** Content this repository must have: a linked blob, or (`manifest`) a manifest or a linked blob. */
  readonly requires: ReadonlyArray<{ readonly digest: Digest; readonly kind: 'blob' | 'manifest' }>
  readonly expect?: TagExpectation
  /**
   * What the repository may have in the end, in bytes as {@link RepositoryCounts} has them. A change that adds
   * none is made all the same. Only for a store that counts them.
   */
  readonly mostBytes?: number
  /** When it was pushed and tagged elsewhere: for a copy. Default: now. Only for a store that keeps them. */
  readonly times?: ManifestTimes
}

/** Times of a manifest and its tags, in whole milliseconds since the epoch. */
export interface ManifestTimes {
  readonly pushedAt: number
  /** When each tag of the change was set, in their order. */
  readonly updatedAt: readonly number[]
  /** As in {@link ManifestRecord}. Default: what is known here. Only for a store that notes it. */
  readonly untaggedAt?: number
  /** The same. */
  readonly pulledAt?: number
}

/** A manifest that was recorded. */
export interface StoredOutcome {
  readonly kind: 'stored'
  /** The reference that counts: where it is another than the record's, the caller deletes its own. */
  readonly blob: BlobRef
  /** Whether the repository did not have the manifest before. */
  readonly created: boolean
  /** What each tag of the change stood for before, in their order; null for a new tag. */
  readonly previous: ReadonlyArray<Digest | null>
}

/** What became of a {@link ManifestChange}. */
export type ManifestOutcome =
  | StoredOutcome
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] }
  | { readonly kind: 'conflict' }
  /** The repository has `used` bytes, `needed` more are more than it may have, and nothing changed. */
  | { readonly kind: 'over-quota'; readonly used: number; readonly needed: number }
  /** The repository has it as another media type, and `keepsType` asks that it stays so. */
  | { readonly kind: 'other-type'; readonly mediaType: string }
  /** Immutable tags of the change that stand for another manifest, at least one of them. */
  | { readonly kind: 'immutable'; readonly tags: ReadonlyArray<Pick<TagRecord, 'tag' | 'digest'>> }

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
  /**
   * What its manifests reach, in bytes: they themselves, and the blobs it has that they name, each digest once
   * and with its real size, its bytes missing or not. Absent where the store does not count them.
   */
  readonly bytes?: number
  /**
   * When a manifest was last pushed, in milliseconds since the epoch: the latest `pushedAt` that any of its manifests
   * had, also one that was deleted since. Absent where none was pushed, or the store does not note it.
   */
  readonly pushedAt?: number
}

/** A digest that something names, and where its bytes are. */
export interface NamedBytes extends BlobRef {
  /** Whether its bytes are known to be missing or damaged. */
  readonly isMissing: boolean
}

/** Bytes that are known to be missing or damaged. */
export interface MissingBytes {
  /** How many digests there are. */
  readonly count: number
  /** Some of them, up to the limit that was asked for. */
  readonly blobs: readonly BlobRef[]
}
