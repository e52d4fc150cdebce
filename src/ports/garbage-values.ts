import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from './blob-store.ts'

/** What a store of names can tell of garbage. */
export interface GarbageReasons {
  /**
   * What `condemn` would take out and return now, with nothing changed; about, where changes are made meanwhile.
   * The cost grows with what is due, not with what is stored.
   */
  dueGarbage?(limit: number): Promise<DueGarbage>
  /**
   * Why the bytes of a digest are kept; null where the store knows nothing of them. For a person who asks: a store
   * may look through the manifests of the repositories that have it, in steps.
   */
  explainBytes?(digest: Digest, limit: number): Promise<BytesReasons | null>
}

/** What a collection would free now. */
export interface DueGarbage {
  /** How many blobs. */
  readonly blobs: number
  /** Their size together, in bytes. */
  readonly bytes: number
  /** Some of them, up to the limit that was asked for. */
  readonly first: readonly BlobRef[]
}

/** Why the bytes of a digest are kept, or that they go. */
export interface BytesReasons {
  /** Where the bytes are that count for the digest; null where nothing names it. */
  readonly blob: BlobRef | null
  /** Whether these are known to be missing or damaged. */
  readonly isMissing: boolean
  /** What keeps them, some of it, up to the limit that was asked for. Where nothing does, a collection frees them. */
  readonly holders: readonly BytesHolder[]
  /** Whether there are more holders than that. */
  readonly more: boolean
  /** Other bytes of the digest, which nothing names any more and the next collection deletes. */
  readonly condemned: readonly BlobRef[]
}

/** Something that keeps bytes, or did until its time was over. */
export type BytesHolder =
  /** A repository has the digest as a manifest. */
  | {
      readonly kind: 'manifest'
      readonly repository: RepositoryName
      /** The first of its tags, at most 10. */
      readonly tags: readonly Tag[]
      readonly tagCount: number
    }
  /** A repository has it as a blob. */
  | {
      readonly kind: 'blob'
      readonly repository: RepositoryName
      /** Some of the manifests of the repository that name it, at most 10. */
      readonly namedBy: readonly Digest[]
      /**
       * How long its lease goes on, in milliseconds; 0 where that is over, and the blob leaves the repository with
       * the next collection. Null where a manifest names it, and so no lease counts.
       */
      readonly leaseLeftMs: number | null
    }
  /** It can be brought back: an entry of the trash, by its id. */
  | {
      readonly kind: 'trash'
      readonly repository: RepositoryName
      readonly id: string
      /** In milliseconds; 0 where the next collection ends it. */
      readonly leftMs: number
    }
