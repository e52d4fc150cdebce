import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobStore } from '../ports/blob-store.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { StoreComparison } from './compare-stores.ts'

/** What is copied of stores: names and bytes. `RegistryStores` are such stores; upload sessions stay where they are. */
export interface CopiedStores {
  readonly blobs: BlobStore
  readonly metadata: MetadataStore
}

/** What a repository has, and itself. */
export type CopiedKind = 'repository' | 'blob' | 'manifest' | 'tag'

/** So many of each kind. */
export type CopyCounts = Record<CopiedKind, number>

/**
 * Something that was not copied, and why:
 *
 * - `missing`: its bytes are not in the source, or for a tag: its manifest was not copied.
 * - `damaged`: the bytes in the source are not those of the digest.
 * - `unreadable`: the source failed to read them.
 * - `conflict`: the target has something else under the name, and is not to be made a mirror.
 * - `unsupported`: it is nothing that a registry of today takes, such as a manifest of Docker's first schema.
 * - `refused`: the target, or the source, refused it.
 */
export interface CopyProblem {
  readonly kind: 'missing' | 'damaged' | 'unreadable' | 'conflict' | 'unsupported' | 'refused'
  readonly what: CopiedKind
  /** Null for bytes that the source already knows to be missing, whichever repositories name them. */
  readonly repository: RepositoryName | null
  /** The digest, the tag, or the repository again. */
  readonly name: string
  /** What else is known of it, for a person. */
  readonly detail: string
}

/** What a copy has done so far. */
export interface CopyProgress {
  /** What was looked at in the source. */
  readonly looked: Readonly<CopyCounts>
  /** What the target did not have, or had otherwise, and has now. */
  readonly copied: Readonly<CopyCounts>
  /** What the target had and the source does not, and was removed. */
  readonly removed: Readonly<CopyCounts>
  /** Bytes that were sent, in bytes. Less than the size of what was copied where repositories share blobs. */
  readonly bytes: number
  /** How many {@link CopyProblem}s there were. */
  readonly problems: number
}

/** What a copy did, and how the two compare now. */
export interface CopyReport extends CopyProgress {
  readonly comparison: StoreComparison
  /** Whether the target has everything the source has, and a mirror nothing else. */
  readonly complete: boolean
}

/** None of any kind. */
export function noCounts(): CopyCounts {
  return { repository: 0, blob: 0, manifest: 0, tag: 0 }
}
