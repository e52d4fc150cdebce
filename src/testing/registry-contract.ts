import { blobPullCases } from './registry-contract/blob-pulls.ts'
import { blobPushCases } from './registry-contract/blob-pushes.ts'
import { chunkCases } from './registry-contract/chunks.ts'
import { deletionCases } from './registry-contract/deletions.ts'
import { errorCases } from './registry-contract/errors.ts'
import { listingCases } from './registry-contract/listings.ts'
import { manifestCases } from './registry-contract/manifests.ts'
import { mountCases } from './registry-contract/mounts.ts'
import { referrerCases } from './registry-contract/referrers.ts'
import type { RegistryCase } from './registry-contract/registry-case.ts'

export type {
  RegistryCase,
  RegistryFetch,
  RegistryMaker,
} from './registry-contract/registry-case.ts'

/**
 * What a whole registry must do, seen through HTTP, as cases for any test runner:
 *
 * ```ts
 * const { fetch } = createRegistry({ stores })
 * for (const { name, run } of registryContract) test(name, () => run(() => fetch))
 * ```
 *
 * It has to be one that anybody may push to and delete from. It may hold other things already: a
 * case works in repositories of its own, and leaves them behind.
 */
export const registryContract: readonly RegistryCase[] = [
  ...blobPushCases,
  ...chunkCases,
  ...blobPullCases,
  ...mountCases,
  ...manifestCases,
  ...referrerCases,
  ...listingCases,
  ...deletionCases,
  ...errorCases,
]
