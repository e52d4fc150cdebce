import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'

/**
 * Told of each change of the state as it is made: how to take it back, and which readers have to wait
 * until it is durable.
 */
export interface Trace {
  /** Steps are taken back from the last to the first. */
  undo(step: () => void): void
  /** The repository begins or ends. */
  repository(name: RepositoryName): void
  /** A tag, or the blob or manifest of a digest, changes in the repository. */
  key(repository: RepositoryName, key: Digest | Tag): void
  /** The list of the repository's tags changes. */
  tagList(repository: RepositoryName): void
  /** The referrers of a subject change. */
  subject(repository: RepositoryName, subject: string): void
  /** Who has the bytes of a digest changes. */
  holders(digest: Digest): void
  /** The key that counts for a digest changes, or whether its bytes are known to be missing. */
  bytesOf(digest: Digest): void
}
