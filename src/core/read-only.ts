import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RegistryService } from '../ports/registry-service.ts'

/** A registry that answers every read as before and refuses every change with 405. */
export function readOnly(service: RegistryService): RegistryService {
  const refuse = refusal('readOnly')
  return {
    ...service,
    mountBlob: refuse,
    pushBlob: refuse,
    startUpload: refuse,
    appendUpload: refuse,
    finishUpload: refuse,
    cancelUpload: refuse,
    putManifest: refuse,
    deleteBlob: refuse,
    deleteManifest: refuse,
  }
}

/** A registry whose blobs, manifests and tags stay: every deletion is refused with 405. */
export function withoutDeletes(service: RegistryService): RegistryService {
  const refuse = refusal('deleteDisabled')
  return { ...service, deleteBlob: refuse, deleteManifest: refuse }
}

function refusal(kind: ErrorName): () => Promise<never> {
  return () => Promise.reject(new RegistryError(kind))
}
