import type { ChunkRange } from '../oci/content-range.ts'
import type { Digest, DigestAlgorithm } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { ByteSource } from './byte-source.ts'
import type { Expectation } from './metadata-store.ts'

/** A blob a repository has. */
export interface BlobInfo {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** A manifest a repository has, without its bytes. */
export interface ManifestInfo {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly mediaType: string
}

/** A manifest with its bytes, exactly as they were pushed. */
export interface Manifest extends ManifestInfo {
  /** Not to be changed: the cache of manifests has the same array. */
  readonly bytes: Uint8Array
}

/** Where an upload session stands. */
export interface UploadStatus {
  readonly id: UploadId
  /** Bytes acknowledged: the next chunk starts here. */
  readonly offset: number
  /** For an upload that begins: fewest bytes that a chunk should have unless it is the last. */
  readonly minChunkBytes?: number
}

/** Bytes for an upload, with what the client said of them. */
export interface UploadBody {
  readonly source: ByteSource
  /** In bytes, where it was announced. */
  readonly length?: number
  /** Which bytes of the blob these are, where it was said. */
  readonly range?: ChunkRange
}

/** What a manifest push may say beside the bytes. */
export interface ManifestPush {
  /** Not to be changed afterwards: the cache of manifests keeps the same array. */
  readonly bytes: Uint8Array
  /** As the client said, if it did; otherwise taken from the document. */
  readonly mediaType?: string
  /** Tags beside the reference; only with a digest (end-7b). */
  readonly tags?: readonly Tag[]
  /** Held against the tag it is pushed to, or the manifest itself where it is pushed by digest. */
  readonly expect?: Expectation
  /** Take it although its content is not all there. Default: what the registry was told. */
  readonly allowSparse?: boolean
  /**
   * What the repository's manifests may reach in the end, in bytes, each digest once. Only where the store
   * counts them: `holdToQuotas` of `layerdock/access` sees to that.
   */
  readonly mostBytes?: number
}

/** What a manifest push made. */
export interface ManifestPushed {
  readonly digest: Digest
  /** The subject's digest, verbatim, where the manifest has a subject. */
  readonly subject?: string
}

/** What the deletion of a tag may be held to. */
export interface ManifestDeleting {
  /** The tag goes only while it stands for this manifest. A digest stands for nothing else. */
  readonly expect?: Digest
}

/** What a restoration may be held to. */
export interface Restoring {
  /** As {@link ManifestPush.mostBytes}. */
  readonly mostBytes?: number
}

/** Which referrers to list. */
export interface ReferrersQuery {
  /** Exclusive: the last digest of the page before. */
  readonly after?: string
  readonly artifactType?: string
}

/** Where an anonymous mount may take a blob from. */
export type MountSource =
  | { readonly from: RepositoryName }
  /** Any repository that the function leaves in the list: those the caller may read. */
  | {
      readonly readable: (
        repositories: readonly RepositoryName[],
      ) => Promise<readonly RepositoryName[]>
    }

/** How an upload session begins. */
export interface UploadStart {
  /** What the bytes are hashed with as they pass. Default: sha256. */
  readonly algorithm?: DigestAlgorithm
}
