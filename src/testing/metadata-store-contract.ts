import { blobCases } from './metadata-contract/blobs.ts'
import { expectationCases } from './metadata-contract/expectations.ts'
import { garbageCases } from './metadata-contract/garbage.ts'
import { instanceCases } from './metadata-contract/instances.ts'
import { keyCases } from './metadata-contract/keys.ts'
import { leaseCases } from './metadata-contract/leases.ts'
import { manifestCases } from './metadata-contract/manifests.ts'
import { missingCases } from './metadata-contract/missing.ts'
import { referrerCases } from './metadata-contract/referrers.ts'
import { repositoryCases } from './metadata-contract/repositories.ts'
import { restartCases } from './metadata-contract/restarts.ts'
import type { MetadataStoreCase, MetadataSupports } from './metadata-contract/store-case.ts'
import { tagCases } from './metadata-contract/tags.ts'

export type {
  MetadataPlace,
  MetadataStoreCase,
  MetadataStoreMaker,
  MetadataSupports,
} from './metadata-contract/store-case.ts'

/**
 * What every MetadataStore must do, as cases for any test runner. A case that needs what a store
 * cannot do is skipped, and the runner says so:
 *
 * @example
 * const supports = { reopen: true, secondInstance: false, clock: false }
 * for (const each of metadataStoreContract) {
 *   const lacking = lackingFor(each, supports)
 *   test.skipIf(lacking !== null)(lacking ?? each.name, () => each.run(makePlace))
 * }
 */
export const metadataStoreContract: readonly MetadataStoreCase[] = [
  ...repositoryCases,
  ...blobCases,
  ...keyCases,
  ...manifestCases,
  ...tagCases,
  ...expectationCases,
  ...referrerCases,
  ...garbageCases,
  ...leaseCases,
  ...missingCases,
  ...restartCases,
  ...instanceCases,
]

/** Why a case cannot be run on a store, with its name; null when it can. */
export function lackingFor(
  { name, needs }: Pick<MetadataStoreCase, 'name' | 'needs'>,
  supports: MetadataSupports,
): string | null {
  const lacking = needs.filter((need) => !supports[need])
  return lacking.length === 0 ? null : `${name} (needs ${lacking.join(', ')})`
}
