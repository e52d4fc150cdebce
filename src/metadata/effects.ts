import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { TagContent, TrashTerm } from './trash-entries.ts'

/** What an entry of the trash has, as it is written. */
export type WrittenContent =
  | TagContent
  | { readonly kind: 'blob'; readonly blob: BlobRef }
  | {
      readonly kind: 'manifest'
      readonly record: ManifestRecord
      readonly blobs: readonly BlobRef[]
      readonly manifests: readonly Digest[]
    }
  | { readonly kind: 'repository' }

/**
 * One fact, whole: not what was asked for, but what is so from now on. Applying an effect twice is
 * applying it once, and replaying effects over a snapshot that has some of them already ends in the
 * right state.
 *
 * A repository begins with the first effect that names it. Leases end in the store's own time, which
 * counts the milliseconds it was open.
 *
 * What is deleted with a `trash` term goes there, unless there is such an entry already: then that entry is from
 * a later snapshot, and exact.
 */
export type Effect =
  /** It is now `now` in the store's own time. */
  | { readonly kind: 'time'; readonly now: number }
  /** The repository is there, with or without anything in it. */
  | {
      readonly kind: 'repository'
      readonly repository: RepositoryName
      /** When a manifest was last pushed to it, in milliseconds since the epoch, unless a later push is known. */
      readonly pushedAt?: number
    }
  /** The repository is gone, with everything in it. */
  | {
      readonly kind: 'unrepository'
      readonly repository: RepositoryName
      readonly trash?: TrashTerm
    }
  /** The repository has the blob, and its bytes are where `blob` says. */
  | {
      readonly kind: 'link'
      readonly repository: RepositoryName
      readonly blob: BlobRef
      /** The end of its lease, unless that is later already. */
      readonly keepUntil: number
    }
  /** The lease of a blob the repository has goes on, unless it ends later already. */
  | {
      readonly kind: 'keep'
      readonly repository: RepositoryName
      readonly digest: Digest
      readonly keepUntil: number
    }
  | {
      readonly kind: 'unlink'
      readonly repository: RepositoryName
      readonly digest: Digest
      readonly trash?: TrashTerm
    }
  | {
      readonly kind: 'manifest'
      readonly repository: RepositoryName
      readonly record: ManifestRecord
      /** The lease of what the record before it named and it does not. */
      readonly keepUntil: number
    }
  /** The manifest is gone, and with it every tag that stands for it. */
  | {
      readonly kind: 'unmanifest'
      readonly repository: RepositoryName
      readonly digest: Digest
      /** The lease of what it alone named. */
      readonly keepUntil: number
      readonly trash?: TrashTerm
    }
  /** All of these tags stand for the manifest, each since its own time. */
  | {
      readonly kind: 'tag'
      readonly repository: RepositoryName
      readonly digest: Digest
      readonly tags: readonly Tag[]
      /** In milliseconds since the epoch, one for each tag. */
      readonly times: readonly number[]
    }
  | {
      readonly kind: 'untag'
      readonly repository: RepositoryName
      readonly tag: Tag
      readonly trash?: TrashTerm
    }
  /** The entry of the trash is gone. */
  | { readonly kind: 'untrash'; readonly id: string }
  /** The repository of the entry is in its place again, as it was. */
  | { readonly kind: 'restore'; readonly id: string }
  /** There is an entry, for snapshots. That of a manifest may go on with tags, that of a repository has it all. */
  | ({
      readonly kind: 'trash'
      readonly repository: RepositoryName
      readonly content: WrittenContent
    } & TrashTerm)
  /** More tags of a manifest in the trash, each with its time. */
  | {
      readonly kind: 'trash-tags'
      readonly id: string
      readonly tags: readonly Tag[]
      readonly times: readonly number[]
    }
  /** All effects since the repository's entry began are of what is in it. */
  | { readonly kind: 'trashed'; readonly id: string }
  /** The last tag of the manifest left it. */
  | {
      readonly kind: 'untagged'
      readonly repository: RepositoryName
      readonly digest: Digest
      /** In milliseconds since the epoch. */
      readonly time: number
    }
  /** These manifests were pulled, unless a later pull is known. */
  | {
      readonly kind: 'pulled'
      readonly repository: RepositoryName
      /** The beginning of the hour, in milliseconds since the epoch. */
      readonly time: number
      readonly digests: readonly Digest[]
    }
  /** Pulls are noted since then, in milliseconds since the epoch. */
  | { readonly kind: 'pulls'; readonly since: number }
  /** A message waits for each of these endpoints, unless it is there already. */
  | {
      readonly kind: 'message'
      /** For the first endpoint; those for the others follow one by one. */
      readonly id: string
      readonly repository: RepositoryName
      /** In milliseconds since the epoch. */
      readonly queuedAt: number
      readonly endpoints: readonly string[]
      readonly text: string
    }
  /** The message is a dead letter. */
  | {
      readonly kind: 'dead'
      readonly id: string
      readonly tries: number
      readonly error: string
    }
  /** These messages are gone: delivered, dropped, or queued again under other ids. */
  | { readonly kind: 'unmessage'; readonly ids: readonly string[] }
  /** The key that counts for a digest, if something names it, is now this one. */
  | { readonly kind: 'located'; readonly blob: BlobRef }
  /** Bytes are stored under a key that nothing names. */
  | { readonly kind: 'stored'; readonly blob: BlobRef }
  /** The bytes under the key are missing or damaged. */
  | { readonly kind: 'missing'; readonly digest: Digest; readonly key: string }
  /** The bytes under a key that nothing names are gone. In format 1 the key is not told. */
  | { readonly kind: 'forget'; readonly digest: Digest; readonly key: string | null }
