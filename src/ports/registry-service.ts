import type { ByteSpan } from '../oci/byte-range.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { OpenBlob } from './blob-store.ts'
import type { BrowsingReads } from './browsing-reads.ts'
import type { CallContext } from './call-context.ts'
import type {
  ManifestEntry,
  Page,
  PageRequest,
  RepositoryCounts,
  RestoreOutcome,
  TagRecord,
  TrashEntry,
} from './metadata-store.ts'
import type { RegistryDeletes } from './registry-deletes.ts'
import type {
  BlobInfo,
  Manifest,
  ManifestInfo,
  ManifestPush,
  ManifestPushed,
  MountSource,
  ReferrersQuery,
  Restoring,
  UploadBody,
  UploadStart,
  UploadStatus,
} from './registry-values.ts'

export type * from './browsing-reads.ts'
export type * from './registry-deletes.ts'
export type * from './registry-values.ts'

/**
 * What changes nothing that a client can see. A method returns null where a caller may well ask in
 * vain, and throws where the absence is the end of the request.
 */
export interface RegistryReads extends BrowsingReads {
  /**
   * The blob, if the repository has it. Keeps it from collection for one lease, so that a client which
   * was told of it need not send it.
   */
  statBlob(call: CallContext, repository: RepositoryName, digest: Digest): Promise<BlobInfo | null>
  /**
   * The blob's bytes, if the repository has it. The caller streams or closes what it gets.
   *
   * @param spanOf which of its bytes will be read, of the size it gets; null for all. A hint to the store, which
   *   may begin to read at once.
   */
  openBlob(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
    spanOf?: (size: number) => ByteSpan | null,
  ): Promise<OpenBlob | null>
  /** A URL the blob's bytes may be fetched from instead, for a short while; null when there is none. */
  blobLocation(call: CallContext, repository: RepositoryName, digest: Digest): Promise<URL | null>
  /** Blobs of a repository, by digest. @throws RegistryError `nameUnknown`. */
  listBlobs(
    call: CallContext,
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<BlobInfo>>

  /** The manifest a reference names, without its bytes; null when there is none. */
  statManifest(
    call: CallContext,
    repository: RepositoryName,
    reference: Reference,
  ): Promise<ManifestInfo | null>
  /** The manifest a reference names; null when there is none. */
  getManifest(
    call: CallContext,
    repository: RepositoryName,
    reference: Reference,
  ): Promise<Manifest | null>
  /** Manifests of a repository, by digest, tagged or not. @throws RegistryError `nameUnknown`. */
  listManifests(
    call: CallContext,
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<ManifestEntry>>
  /** Manifests whose subject is `subject`; empty for an unknown one (end-12). */
  listReferrers(
    call: CallContext,
    repository: RepositoryName,
    subject: string,
    query: ReferrersQuery,
  ): Promise<Page<Descriptor>>

  /** Names of tags (end-8). @throws RegistryError `nameUnknown`. */
  listTags(call: CallContext, repository: RepositoryName, page: PageRequest): Promise<Page<Tag>>
  /** Tags with what they stand for, and since when. @throws RegistryError `nameUnknown`. */
  listTagRecords(
    call: CallContext,
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<TagRecord>>
  /** Names of all repositories. A caller's permissions are not looked at. */
  listRepositories(call: CallContext, page: PageRequest): Promise<Page<RepositoryName>>
  /** What a repository holds; null when there is no such repository. */
  countRepository(call: CallContext, repository: RepositoryName): Promise<RepositoryCounts | null>
  /**
   * What was deleted and can be brought back: of a repository's name, or of all. The oldest first, by id. Empty where
   * the metadata keep no trash. A caller's permissions are not looked at.
   */
  listTrash(
    call: CallContext,
    page: PageRequest,
    repository?: RepositoryName,
  ): Promise<Page<TrashEntry>>
}

/** What adds to a registry, or moves a tag. */
export interface RegistryWrites {
  /** Makes a blob of another repository readable here; null when there is none to be had (end-11). */
  mountBlob(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
    source: MountSource,
  ): Promise<BlobInfo | null>
  /**
   * Stores a blob in one step, without an upload session (end-4b).
   *
   * @throws RegistryError `digestMismatch`, `sizeInvalid`, `blobTooLarge`, `uploadBroken`,
   *   `tooManyUploadBytes`; nothing is stored then.
   */
  pushBlob(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
    body: UploadBody,
  ): Promise<BlobInfo>

  /** Opens an upload session (end-4a, end-4c). @throws RegistryError `tooManyUploads`. */
  startUpload(
    call: CallContext,
    repository: RepositoryName,
    start?: UploadStart,
  ): Promise<UploadStatus>
  /** Where a session stands (end-13). @throws RegistryError `uploadUnknown`. */
  uploadStatus(call: CallContext, repository: RepositoryName, id: UploadId): Promise<UploadStatus>
  /**
   * Adds bytes at the session's end (end-5).
   *
   * @throws RegistryError `uploadUnknown`, `chunkOutOfOrder` (with the offset as detail),
   *   `sizeInvalid`, `blobTooLarge`, `tooManyUploadBytes`: the session is as it was.
   * @throws RegistryError `uploadBroken` when the body ended early: the bytes that came are kept.
   */
  appendUpload(
    call: CallContext,
    repository: RepositoryName,
    id: UploadId,
    body: UploadBody,
  ): Promise<UploadStatus>
  /**
   * Ends a session with its blob stored (end-6); a body is the last chunk. After any error but
   * `digestMismatch` the session is as it was, and the same call may be made again.
   *
   * @throws RegistryError as {@link appendUpload}; `digestMismatch`, which ends the session.
   */
  finishUpload(
    call: CallContext,
    repository: RepositoryName,
    id: UploadId,
    digest: Digest,
    body: UploadBody | null,
  ): Promise<BlobInfo>
  /** Ends a session and drops its bytes (end-14). @throws RegistryError `uploadUnknown`. */
  cancelUpload(call: CallContext, repository: RepositoryName, id: UploadId): Promise<void>

  /**
   * Stores a manifest and sets its tags, all or nothing (end-7a, end-7b).
   *
   * @throws RegistryError `manifestInvalid`, `manifestTooLarge`, `manifestBlobUnknown` (a detail
   *   for each digest), `digestMismatch`, `preconditionFailed`, `denied` beyond `mostBytes`, `tagImmutable`
   *   (a detail for each tag that would move against `call.isImmutable`).
   */
  putManifest(
    call: CallContext,
    repository: RepositoryName,
    reference: Reference,
    push: ManifestPush,
  ): Promise<ManifestPushed>

  /**
   * Brings back what was deleted: an entry of the repository's trash, by its id. Null where there is none, or no
   * longer. Nothing that came since is changed or moved, so immutable tags stay too.
   */
  restore(
    call: CallContext,
    repository: RepositoryName,
    id: string,
    restoring?: Restoring,
  ): Promise<RestoreOutcome | null>
}

/**
 * The registry without HTTP: handlers call it, a program may call it, and a wrapper wraps it to
 * change how a registry behaves. Names arrive checked.
 *
 * Every method may throw RegistryError `storageFull`, `storageReadOnly` and `unavailable`; the errors
 * named with a method come on top.
 *
 * A wrapper spreads the service and replaces methods. One that forbids something names each method of
 * the interface it forbids, so that a method which is added later does not compile until the wrapper
 * decides about it:
 *
 * @example
 * const frozen = (service: RegistryService): RegistryService => {
 *   const refuse = () => Promise.reject(new RegistryError('denied'))
 *   const deletes: RegistryDeletes = {
 *     deleteBlob: refuse,
 *     deleteManifest: refuse,
 *     deleteRepository: refuse,
 *   }
 *   return { ...service, ...deletes }
 * }
 * const registry = createRegistry({ wrap: frozen })
 */
export interface RegistryService extends RegistryReads, RegistryWrites, RegistryDeletes {}
