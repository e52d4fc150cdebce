import type { RegistryFigures } from '../ports/figures.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import { blobService } from './blobs.ts'
import { browsingService } from './browsing.ts'
import { type ConditionalDeletes, conditionalDeletes } from './conditional-deletes.ts'
import type { CoreDeps } from './deps.ts'
import {
  collectGarbage,
  compactBytes,
  type GarbageOptions,
  type GarbageReport,
  type SweepReport,
  sweepBytes,
} from './garbage.ts'
import { listingService } from './listings.ts'
import { manifestService } from './manifests.ts'
import { pullTimes } from './pull-times.ts'
import { referrersService } from './referrers.ts'
import { emptyTrash, trashService } from './trash.ts'
import { uploadService } from './uploads.ts'

/** The registry without HTTP, and its maintenance, which no client can ask for. */
export interface Core {
  readonly service: RegistryService
  /** Deletions with conditions. */
  readonly deletes: ConditionalDeletes
  /** Has the store note which manifests were pulled. */
  flushPulls(isLast?: boolean): Promise<void>
  /** Ends idle upload sessions. */
  expireUploads(): Promise<void>
  /** Gives back the upload sessions of requests under way; how many requests those were. */
  suspendUploads(): Promise<number>
  /** Deletes the bytes that nothing holds any more. */
  collectGarbage(options?: GarbageOptions): Promise<GarbageReport>
  /** Deletes bytes that no name points at and that were committed more than `graceMs` ago. */
  sweepBytes(graceMs: number): Promise<SweepReport>
  compactBytes(): Promise<number>
  figures(): RegistryFigures
  /** Ends what can be brought back; how many entries. */
  emptyTrash(): Promise<number>
}

/** Puts the services together. */
export function createCore(deps: CoreDeps): Core {
  const pulls = deps.notePulls ? pullTimes(deps) : null
  const deletes = conditionalDeletes(deps, pulls)
  const manifests = manifestService(deps, deletes, pulls)
  const { expireUploads, suspendUploads, ...uploads } = uploadService(deps)
  const { readRecorded: _, figures, ...manifestMethods } = manifests
  return {
    service: {
      ...blobService(deps),
      ...uploads,
      ...manifestMethods,
      ...listingService(deps),
      ...referrersService(deps, manifests),
      ...trashService(deps),
      ...browsingService(deps),
    },
    deletes,
    flushPulls: async (isLast) => pulls?.flush(isLast),
    expireUploads,
    suspendUploads,
    collectGarbage: (options) => collectGarbage(deps, options),
    sweepBytes: (graceMs) => sweepBytes(deps, graceMs),
    compactBytes: () => compactBytes(deps),
    figures: () => ({ manifests: figures() }),
    emptyTrash: () => emptyTrash(deps),
  }
}
