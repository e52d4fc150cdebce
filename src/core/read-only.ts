import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RegistryDeletes, RegistryService, RegistryWrites } from '../ports/registry-service.ts'

/**
 * A registry that answers every read as before and refuses every change with 405. It names each method
 * it refuses: one that is added to the interface does not compile until it is named here.
 */
export function readOnly(service: RegistryService): RegistryService {
  const refuse = refusal('readOnly')
  const writes: RegistryWrites = {
    mountBlob: refuse,
    pushBlob: refuse,
    startUpload: refuse,
    // Looking at a session that was open before changes nothing.
    uploadStatus: service.uploadStatus,
    appendUpload: refuse,
    finishUpload: refuse,
    cancelUpload: refuse,
    putManifest: refuse,
    restore: refuse,
  }
  return { ...service, ...writes, ...refusedDeletes(refuse) }
}

/** A registry whose blobs, manifests, tags and repositories stay: a deletion is refused with 405. */
export function withoutDeletes(service: RegistryService): RegistryService {
  return { ...service, ...refusedDeletes(refusal('deleteDisabled')) }
}

function refusedDeletes(refuse: () => Promise<never>): RegistryDeletes {
  return { deleteBlob: refuse, deleteManifest: refuse, deleteRepository: refuse }
}

function refusal(kind: ErrorName): () => Promise<never> {
  return () => Promise.reject(new RegistryError(kind))
}
