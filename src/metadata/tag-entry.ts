import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { StoredManifest } from './stored-manifest.ts'

/** What a tag stands for. */
export interface TagEntry {
  readonly target: StoredManifest
  /** When it was set, in milliseconds since the epoch. */
  readonly updatedAt: number
}

/** The repository that tags are of. */
export interface TagsOwner {
  readonly name: RepositoryName
  readonly manifests: ReadonlyMap<Digest, StoredManifest>
}

/** Tags that are set to a manifest from some moment on. */
export interface TagWatch {
  readonly target: StoredManifest
  /** Some may be gone by now. */
  readonly added: Tag[]
  end(): void
}
