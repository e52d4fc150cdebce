import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { ManifestRecord, RepositoryCounts, TagRecord } from './metadata-values.ts'
import type { Telling } from './outbox.ts'

/** A manifest that was removed, with the tags that went with it. */
export interface RemovedManifest {
  readonly kind: 'removed'
  readonly record: ManifestRecord
  /** The first of its tags, in byte order: at most 1,000. */
  readonly tags: readonly Tag[]
  /** How many tags it had. */
  readonly tagCount: number
}

/** A manifest that a deletion left where it is. */
export interface KeptManifest {
  readonly kind: 'kept'
  /** One of its tags that is immutable; null where that is not why it stays. */
  readonly tag: Tag | null
  /**
   * When it was pushed or lost its last tag, where it stays because of `notSince`. Where this and `has` are absent,
   * and the tag is null: another manifest of the repository names it.
   */
  readonly since?: number
  /** The manifest of `unlessHas` that is there, where it stays because of that. */
  readonly has?: Digest
}

/** How something is deleted. */
export interface DeletionOptions {
  /**
   * How long it can be brought back, in milliseconds by the store's own clock. Absent or 0: not at all. Only for a
   * store that `keepsTrash`.
   */
  readonly trashMs?: number
}

/** How a manifest is deleted. */
export interface ManifestDeletion extends DeletionOptions, Telling<RemovedManifest> {
  /** How long content is kept that it alone named in the repository, in milliseconds. */
  readonly leaseMs: number
  /**
   * With it, the manifest stays where this is true of one of its tags at the moment of the change, or where another
   * manifest of the repository names it. So `() => true` deletes only what has no tag and no name. Answers at once,
   * and the same for the same tag. It is asked for each of the tags, which may be a hundred thousand, so a store
   * asks in steps. Where the store is in another process, each answer takes a while.
   */
  readonly isImmutable?: ((tag: Tag) => boolean) | null | undefined
  /**
   * The manifest stays where it was pushed, or lost its last tag, at this moment or later, in milliseconds since the
   * epoch. Only for a store that `checksDeletions`.
   */
  readonly notSince?: number
  /**
   * The manifest stays where the repository has one of these manifests at the moment of the change: what it depends
   * on. One whose bytes are missing does not count. Only for a store that `checksDeletions`.
   */
  readonly unlessHas?: readonly Digest[]
}

/**
 * How a tag is deleted. The conditions are only for a store that `checksDeletions`. `tell` hears what the tag stood for.
 */
export interface TagDeletion extends DeletionOptions, Telling<Digest> {
  /** The tag stays where it stands for another manifest. */
  readonly expect?: Digest
  /** The tag stays where it was set at this moment or later, in milliseconds since the epoch. */
  readonly notSince?: number
  /** The tag stays where the repository has one of these manifests, as for a manifest that is deleted. */
  readonly unlessHas?: readonly Digest[]
}

/** How a repository is deleted. `tell` hears what it held. */
export interface RepositoryDeletion extends DeletionOptions, Telling<RepositoryCounts> {}

/** How a blob is taken out of a repository. */
export interface BlobDeletion extends DeletionOptions, Telling<'removed'> {
  /** Leave it where a manifest of the repository names it. Default: false. */
  readonly keepNamed?: boolean
}

/**
 * What became of a blob that was to be taken out of a repository: `named` is one that stays, since a
 * manifest of the repository names it.
 */
export type BlobRemoval = 'removed' | 'absent' | 'named'

/** Something that was deleted and can be brought back. */
export interface TrashEntry {
  /** The store's own name for it, never given to another. Of ids of one store, the older sorts first, in byte order. */
  readonly id: string
  readonly kind: 'tag' | 'manifest' | 'blob' | 'repository'
  readonly repository: RepositoryName
  /** In milliseconds since the epoch. */
  readonly deletedAt: number
  /** How long it can still be brought back, in milliseconds; 0 where the next collection ends it. */
  readonly leftMs: number
  /** The manifest or blob, or what the tag stood for. */
  readonly digest?: Digest
  /** The tag, of kind `tag`. */
  readonly tag?: Tag
  /** Of a manifest. */
  readonly mediaType?: string
  /** What a manifest says it refers to, as in its record. */
  readonly subject?: string
  /** Of a manifest or blob itself, in bytes. */
  readonly size?: number
  /** The first tags of a manifest, in byte order: at most 100. */
  readonly tags: readonly Tag[]
  /** How many tags a manifest had. */
  readonly tagCount: number
  /** What a repository held. */
  readonly counts?: RepositoryCounts
}

/** How an entry is brought back. Where that takes several steps, `tell` is called in the last. */
export interface RestoreOptions extends Telling<Restored> {
  /** How long a blob that no manifest names is kept, in milliseconds. */
  readonly leaseMs: number
  /** As `mostBytes` of a manifest that is pushed. */
  readonly mostBytes?: number
}

/** An entry that was brought back. */
export interface Restored {
  readonly kind: 'restored'
  /** The entry as it was. */
  readonly entry: TrashEntry
  /** The first tags that were set again, in byte order: at most 1,000. For a repository: none are named. */
  readonly tags: readonly Tag[]
  readonly tagCount: number
  /** The first tags that stand for something else by now, and are left: at most 1,000. */
  readonly left: ReadonlyArray<Pick<TagRecord, 'tag' | 'digest'>>
  readonly leftCount: number
}

/** What became of an entry that was to be brought back. Except for `restored`, it stays in the trash. */
export type RestoreOutcome =
  | Restored
  /** What it needs and is not there: its manifest, what its manifest names, or bytes that are missing. */
  | { readonly kind: 'missing'; readonly digests: readonly Digest[] }
  /** The name is taken: the tag stands for `digest`, or there is a repository that holds something. */
  | { readonly kind: 'exists'; readonly digest?: Digest }
  /** As for a manifest that is pushed. */
  | { readonly kind: 'over-quota'; readonly used: number; readonly needed: number }
