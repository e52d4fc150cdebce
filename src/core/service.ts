import type { RegistryService } from '../ports/registry-service.ts'
import { blobService } from './blobs.ts'
import { collectGarbage, type GarbageReport } from './garbage.ts'
import { listingService } from './listings.ts'
import { manifestService } from './manifests.ts'
import type { CoreParts } from './parts.ts'
import { referrersService } from './referrers.ts'
import { uploadService } from './uploads.ts'

/** The registry without HTTP, and its housekeeping, which no client can ask for. */
export interface Core {
  readonly service: RegistryService
  /** Ends idle upload sessions. */
  expireUploads(): Promise<void>
  /** Deletes the bytes that nothing holds any more. */
  collectGarbage(): Promise<GarbageReport>
}

/** Puts the parts of the service together. */
export function createCore(parts: CoreParts): Core {
  const manifests = manifestService(parts)
  const { expireUploads, ...uploads } = uploadService(parts)
  const { readBytes: _, ...manifestMethods } = manifests
  return {
    service: {
      ...blobService(parts),
      ...uploads,
      ...manifestMethods,
      ...listingService(parts),
      ...referrersService(parts, manifests),
    },
    expireUploads,
    collectGarbage: () => collectGarbage(parts),
  }
}
