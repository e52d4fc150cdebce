import type { ChunkRange } from '../oci/content-range.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest, DigestAlgorithm } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { OpenBlob } from './blob-store.ts'
import type { ByteSource } from './byte-source.ts'
import type { Page, PageRequest, TagExpectation } from './metadata-store.ts'

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
  readonly expect?: TagExpectation
}

/** What a manifest push made. */
export interface ManifestPushed {
  readonly digest: Digest
  /** The subject's digest, verbatim, where the manifest has a subject. */
  readonly subject?: string
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
  /** Any repository for which the function says that the caller may read it. */
  | { readonly readable: (repository: RepositoryName) => Promise<boolean> }

/**
 * The registry without HTTP: what handlers call, what a program may call, and what a wrapper wraps
 * to change how a registry behaves. Names arrive checked; absence is null where a caller may well
 * ask in vain, and an error where it is the end of the road.
 *
 * Every method may throw RegistryError `storageFull`, `storageReadOnly` and `unavailable`; those
 * named with a method come on top.
 */
export interface RegistryService {
  /** The blob, if the repository has it; takes a lease, so it is safe from collection for a while. */
  statBlob(repository: RepositoryName, digest: Digest): Promise<BlobInfo | null>
  /** The blob's bytes, if the repository has it. The caller streams or closes what it gets. */
  openBlob(repository: RepositoryName, digest: Digest): Promise<OpenBlob | null>
  /** @throws RegistryError `blobUnknown`. */
  deleteBlob(repository: RepositoryName, digest: Digest): Promise<void>
  /** Makes a blob of another repository readable here; null when there is none to be had. */
  mountBlob(
    repository: RepositoryName,
    digest: Digest,
    source: MountSource,
  ): Promise<BlobInfo | null>
  /**
   * Stores a blob in one step (end-4b).
   *
   * @throws RegistryError `digestMismatch`, `sizeInvalid`, `blobTooLarge`, `uploadBroken`,
   *   `tooManyUploads`, `tooManyUploadBytes`; nothing is stored then.
   */
  pushBlob(
    repository: RepositoryName,
    digest: Digest,
    body: UploadBody,
    principal?: string | null,
  ): Promise<BlobInfo>

  /** Opens an upload session (end-4a, end-4c). @throws RegistryError `tooManyUploads`. */
  startUpload(
    repository: RepositoryName,
    options?: { readonly algorithm?: DigestAlgorithm; readonly principal?: string | null },
  ): Promise<UploadStatus>
  /** @throws RegistryError `uploadUnknown`. */
  uploadStatus(repository: RepositoryName, id: UploadId): Promise<UploadStatus>
  /**
   * Adds bytes at the session's end (end-5).
   *
   * @throws RegistryError `uploadUnknown`, `chunkOutOfOrder` (with the offset as detail),
   *   `sizeInvalid`, `blobTooLarge`, `tooManyUploadBytes`: the session is as it was.
   * @throws RegistryError `uploadBroken` when the body ended early: what came is kept.
   */
  appendUpload(repository: RepositoryName, id: UploadId, body: UploadBody): Promise<UploadStatus>
  /**
   * Ends a session with its blob stored (end-6); a body is the last chunk.
   *
   * @throws RegistryError as {@link appendUpload}; `digestMismatch`, which ends the session.
   */
  finishUpload(
    repository: RepositoryName,
    id: UploadId,
    digest: Digest,
    body: UploadBody | null,
  ): Promise<BlobInfo>
  /** Ends a session and drops its bytes (end-14). @throws RegistryError `uploadUnknown`. */
  cancelUpload(repository: RepositoryName, id: UploadId): Promise<void>

  /** The manifest a reference names, without its bytes; null when there is none. */
  statManifest(repository: RepositoryName, reference: Reference): Promise<ManifestInfo | null>
  /** The manifest a reference names; null when there is none. */
  getManifest(repository: RepositoryName, reference: Reference): Promise<Manifest | null>
  /**
   * Stores a manifest and sets its tags, all or nothing (end-7a, end-7b).
   *
   * @throws RegistryError `manifestInvalid`, `manifestTooLarge`, `manifestBlobUnknown` (a detail
   *   for each digest), `digestMismatch`, `preconditionFailed`.
   */
  putManifest(
    repository: RepositoryName,
    reference: Reference,
    push: ManifestPush,
  ): Promise<ManifestPushed>
  /**
   * By digest: removes the manifest and its tags. By tag: removes the tag alone (end-9).
   *
   * @throws RegistryError `manifestUnknown`, `nameUnknown`.
   */
  deleteManifest(repository: RepositoryName, reference: Reference): Promise<void>

  /** @throws RegistryError `nameUnknown`. */
  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag>>
  /** Names of repositories, whoever may read them. */
  listRepositories(page: PageRequest): Promise<Page<RepositoryName>>
  /** Manifests whose subject is `subject`; empty for what nobody refers to. */
  listReferrers(
    repository: RepositoryName,
    subject: string,
    query: ReferrersQuery,
  ): Promise<Page<Descriptor>>
}
