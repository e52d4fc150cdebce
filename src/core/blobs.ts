import { RegistryError } from '../oci/registry-error.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { BlobInfo, RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { noteMissing } from './missing-bytes.ts'

/** How many repositories an anonymous mount asks about before it gives up. */
const mountCandidates = 16
/** How long a redirect to the bytes is good for, in milliseconds. */
const locationMs = 20 * 60 * 1000

type BlobMethods = 'statBlob' | 'openBlob' | 'blobLocation' | 'deleteBlob' | 'mountBlob'

/** Blobs that are there: end-2, end-10, end-11. */
export function blobService(deps: CoreDeps): Pick<RegistryService, BlobMethods> {
  const { blobs, metadata, limits, emit, pullEvents } = deps

  return {
    async statBlob(_call, repository, digest) {
      return infoOf(await metadata.keepBlob(repository, digest, limits.leaseMs))
    },

    async openBlob(call, repository, digest) {
      let ref = await metadata.findBlob(repository, digest)
      while (ref !== null) {
        const { key, size } = ref
        const open = await blobs.open(ref)
        if (open !== null) {
          if (pullEvents) emit?.(call, { kind: 'blob-pulled', repository, digest, size })
          return open
        }
        await noteMissing(deps, ref, 'the bytes are missing or damaged')
        // Another key may count since the look: the bytes were moved, or pushed again.
        const now = await metadata.findBlob(repository, digest)
        ref = now?.key === key ? null : now
      }
      return null
    },

    async blobLocation(call, repository, digest) {
      if (blobs.presign === undefined) return null
      const ref = await metadata.findBlob(repository, digest)
      const url = ref === null ? null : await blobs.presign(ref, locationMs)
      if (pullEvents && ref !== null && url !== null) {
        emit?.(call, { kind: 'blob-pulled', repository, digest, size: ref.size })
      }
      return url
    },

    async deleteBlob(call, repository, digest) {
      const keepNamed = Boolean(call.isImmutable)
      const removal = await metadata.unlinkBlob(repository, digest, keepNamed)
      if (removal !== 'removed') {
        const kind = removal === 'named' ? 'contentNamed' : 'blobUnknown'
        throw new RegistryError(kind, { detail: { digest } })
      }
      emit?.(call, { kind: 'blob-deleted', repository, digest })
    },

    async mountBlob(call, repository, digest, source) {
      const candidates =
        'from' in source
          ? [source.from]
          : await source.readable(await metadata.repositoriesWith(digest, mountCandidates))
      for (const from of candidates) {
        const ref = await metadata.mountBlob(from, repository, digest, limits.leaseMs)
        if (ref === null) continue
        emit?.(call, { kind: 'blob-mounted', repository, digest, size: ref.size, from })
        return infoOf(ref)
      }
      return null
    },
  }
}

function infoOf(ref: BlobRef | null): BlobInfo | null {
  return ref === null ? null : { digest: ref.digest, size: ref.size }
}
