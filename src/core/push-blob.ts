import { algorithmOf } from '../oci/digest.ts'
import { ownerOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { nameUpload } from './naming.ts'
import type { UploadQuota } from './upload-quota.ts'
import { receiveBody } from './upload-receiver.ts'

/** A blob in a single request (end-4b). It has no session: what fails leaves nothing behind. */
export function monolithicPush(deps: CoreDeps, quota: UploadQuota): RegistryService['pushBlob'] {
  return async (call, repository, digest, body) => {
    const algorithm = algorithmOf(digest)
    const expected = body.length ?? Number.POSITIVE_INFINITY
    const to = {
      id: newUploadId(),
      offset: 0,
      stage: null,
      algorithm,
      hexSoFar: null,
      hash: { algorithm, hash: deps.hash(algorithm, undefined, expected), fed: 0 },
      progress: () => {},
      reading: () => {},
    }
    let blob: BlobRef
    const owner = ownerOf(call.principal?.id ?? null, call.peer.address)
    const reservation = await quota.open(owner)
    try {
      const { staged, error, cause, verify } = await receiveBody(
        deps,
        to,
        body,
        digest,
        reservation,
      )
      try {
        if (error !== null) throw new RegistryError(error, { cause })
        if (!(await verify(digest)))
          throw new RegistryError('digestMismatch', { detail: { digest } })
        blob = await staged.commit(digest)
      } catch (failure) {
        await staged.discard().catch(() => {})
        throw failure
      }
    } finally {
      reservation.release()
    }
    await nameUpload(deps, call, repository, blob)
    return { digest, size: blob.size }
  }
}
