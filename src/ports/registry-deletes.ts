import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { CallContext } from './call-context.ts'
import type { RepositoryCounts } from './metadata-values.ts'
import type { ManifestDeleting } from './registry-values.ts'

/** What takes something out of a registry. */
export interface RegistryDeletes {
  /**
   * Takes a blob out of a repository (end-10).
   *
   * @throws RegistryError `blobUnknown`; `contentNamed` where tags are immutable for the call, and a
   *   manifest of the repository names the blob.
   */
  deleteBlob(call: CallContext, repository: RepositoryName, digest: Digest): Promise<void>
  /**
   * By digest: removes the manifest and its tags. By tag: removes the tag alone (end-9).
   *
   * @throws RegistryError `manifestUnknown`, `nameUnknown`; `tagImmutable` where the tag, or one of the
   *   manifest's, is immutable for the call; `contentNamed` where tags are, and another manifest of the
   *   repository names this one; `preconditionFailed` where the tag is not what was expected.
   */
  deleteManifest(
    call: CallContext,
    repository: RepositoryName,
    reference: Reference,
    deleting?: ManifestDeleting,
  ): Promise<void>
  /**
   * Removes a repository with all its tags, manifests and blobs. Does not look at `call.isImmutable`: an
   * `Access` with immutable tags decides about a whole repository when it is asked.
   *
   * @throws RegistryError `nameUnknown`.
   */
  deleteRepository(call: CallContext, repository: RepositoryName): Promise<RepositoryCounts>
}
