import type { Digest, RepositoryName, Tag } from '../../../src/index.ts'
import type { BlobRef, ManifestRecord } from '../../../src/kit.ts'

/** Something as the tables have it, and as it is to be. */
export interface Cell<T> {
  readonly before: T | null
  now: T | null
}

/** What is known of a repository. */
export interface RepositoryFacts {
  readonly name: RepositoryName
  /** Null while there is none. */
  id: number | null
  /** Whether a change puts something in it. */
  begins: boolean
  /** What {@link countsOf} was at first. */
  counted: string
  /** What {@link isEmpty} was at first. */
  wasEmpty: boolean
  manifests: number
  tags: number
  blobs: number
  bytes: number
  /** When a manifest was last pushed, in milliseconds since the epoch; 0 where none was. */
  pushedAt: number
}

/** The bytes of a digest that something names. */
export interface BlobFacts extends BlobRef {
  readonly missing: boolean
  /** Whether a repository has it; if not, a collection has not found it yet. */
  readonly held: boolean
}

/** A manifest that is recorded. */
export interface ManifestFacts {
  /** Null for one as the tables have it. */
  readonly record: ManifestRecord | null
  readonly mediaType: string
  readonly references: readonly Digest[]
  /** Null where it is not known. */
  readonly contentSize: number | null
}

/** What one repository has to do with one digest. */
export interface Place {
  readonly repository: RepositoryFacts
  readonly digest: Digest
  readonly link: Cell<{ readonly keepUntil: number | null }>
  readonly manifest: Cell<ManifestFacts>
  /** How many manifests of the repository name the digest; at least as many as could be taken out at once. */
  namers: number
}

/** What a tag stands for. */
export interface TagFacts {
  readonly repository: RepositoryFacts
  readonly tag: Tag
  readonly target: Cell<{ readonly digest: Digest; readonly updatedAt: number }>
}

/** Whether a manifest names a digest. */
export interface Naming {
  readonly repository: RepositoryFacts
  readonly child: Digest
  readonly parent: Digest
  isNamed: boolean
}

/** A tag or a blob that goes, and can be brought back. */
export interface DeletedName {
  readonly kind: 'tag' | 'blob'
  readonly repository: RepositoryName
  /** The blob, or what the tag stood for. */
  readonly digest: Digest
  readonly tag?: Tag
  readonly updatedAt?: number
  /** For how long, in milliseconds. */
  readonly trashMs: number
}

/** How tags of a manifest change. */
export interface TagShift {
  readonly repository: RepositoryFacts
  readonly digest: Digest
  count: number
  sets: number
}

/** What a repository holds, to be compared. */
export function countsOf({ manifests, tags, blobs, bytes, pushedAt }: RepositoryFacts): string {
  return [manifests, tags, blobs, bytes, pushedAt].join(' ')
}

/** Whether a repository holds nothing. */
export function isEmpty({ manifests, blobs }: RepositoryFacts): boolean {
  return manifests + blobs === 0
}

/** Whether the bytes count that a digest has in a repository. */
export function isReached(place: Place): boolean {
  return place.manifest.now !== null || (place.link.now !== null && place.namers > 0)
}

/** A blob without what only the tables need to know. */
export function refOf({ digest, size, key }: BlobRef): BlobRef {
  return { digest, size, key }
}

/** What is not there. */
export function absent<T>(): Cell<T> {
  return { before: null, now: null }
}
