import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'

/**
 * One fact that came to be, whole: not what was asked for, but what is so from now on. Applying an
 * effect twice is applying it once, and what it says does not depend on what was there before, so
 * replaying effects over a snapshot that has some of them already ends in the right state.
 *
 * A repository begins with the first effect that names it.
 */
export type Effect =
  /** The repository has the blob, and its bytes are where `blob` says. */
  | {
      readonly kind: 'link'
      readonly repository: RepositoryName
      readonly blob: BlobRef
      /** Kept in memory alone: every link starts with a fresh lease. */
      readonly keepUntil?: number
    }
  | { readonly kind: 'unlink'; readonly repository: RepositoryName; readonly digest: Digest }
  | {
      readonly kind: 'manifest'
      readonly repository: RepositoryName
      readonly record: ManifestRecord
    }
  | { readonly kind: 'unmanifest'; readonly repository: RepositoryName; readonly digest: Digest }
  /** All of these tags stand for the manifest. */
  | {
      readonly kind: 'tag'
      readonly repository: RepositoryName
      readonly digest: Digest
      readonly tags: readonly Tag[]
    }
  | { readonly kind: 'untag'; readonly repository: RepositoryName; readonly tag: Tag }
  /** The repository is there, with or without anything in it. */
  | { readonly kind: 'repository'; readonly repository: RepositoryName }
  /** The bytes are where `blob` says, whoever has them or not. */
  | { readonly kind: 'hold'; readonly blob: BlobRef }
  /** The bytes are gone. */
  | { readonly kind: 'forget'; readonly digest: Digest }

/** What takes an effect back; `vanish` ends a repository that the effect began. */
export type Undo = Effect | { readonly kind: 'vanish'; readonly repository: RepositoryName }
