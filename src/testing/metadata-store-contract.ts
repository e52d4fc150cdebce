import { blobCases } from './metadata-contract/blobs.ts'
import { expectationCases } from './metadata-contract/expectations.ts'
import { garbageCases } from './metadata-contract/garbage.ts'
import { manifestCases } from './metadata-contract/manifests.ts'
import { referrerCases } from './metadata-contract/referrers.ts'
import { repositoryCases } from './metadata-contract/repositories.ts'
import type { MetadataStoreCase } from './metadata-contract/store-case.ts'
import { tagCases } from './metadata-contract/tags.ts'

export type { MetadataStoreCase, MetadataStoreMaker } from './metadata-contract/store-case.ts'

/**
 * What every MetadataStore must do, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of metadataStoreContract) test(name, () => run(makeStore))
 * ```
 */
export const metadataStoreContract: readonly MetadataStoreCase[] = [
  ...repositoryCases,
  ...blobCases,
  ...manifestCases,
  ...tagCases,
  ...expectationCases,
  ...referrerCases,
  ...garbageCases,
]
