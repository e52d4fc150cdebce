import { blobCases } from './metadata-contract/blobs.ts'
import { browsingCases } from './metadata-contract/browsing.ts'
import { conditionCases } from './metadata-contract/conditions.ts'
import { expectationCases } from './metadata-contract/expectations.ts'
import { garbageCases } from './metadata-contract/garbage.ts'
import { immutabilityCases } from './metadata-contract/immutability.ts'
import { instanceCases } from './metadata-contract/instances.ts'
import { keyCases } from './metadata-contract/keys.ts'
import { leaseCases } from './metadata-contract/leases.ts'
import { manifestCases } from './metadata-contract/manifests.ts'
import { missingCases } from './metadata-contract/missing.ts'
import { namedCases } from './metadata-contract/named.ts'
import { outboxCases } from './metadata-contract/outbox.ts'
import { outboxClaimCases } from './metadata-contract/outbox-claims.ts'
import { outboxLetterCases } from './metadata-contract/outbox-letters.ts'
import { outboxTellCases } from './metadata-contract/outbox-tell.ts'
import { quotaCases } from './metadata-contract/quotas.ts'
import { reasonCases } from './metadata-contract/reasons.ts'
import { referrerCases } from './metadata-contract/referrers.ts'
import { repositoryCases } from './metadata-contract/repositories.ts'
import { restartCases } from './metadata-contract/restarts.ts'
import type { MetadataStoreCase } from './metadata-contract/store-case.ts'
import { tagSearchCases } from './metadata-contract/tag-searches.ts'
import { tagCases } from './metadata-contract/tags.ts'
import { trashCases } from './metadata-contract/trash.ts'
import { trashManifestCases } from './metadata-contract/trash-manifests.ts'
import { trashRepositoryCases } from './metadata-contract/trash-repositories.ts'
import { usageCases } from './metadata-contract/usage.ts'

export type {
  MetadataPlace,
  MetadataStoreCase,
  MetadataStoreMaker,
} from './metadata-contract/store-case.ts'

/**
 * What every MetadataStore must do, as cases for any test runner. Say what the store supports, and show
 * the cases that are left out:
 *
 * @example
 * const { runnable, unsupported } = casesFor(metadataStoreContract, { reopen: true })
 * for (const { name, run } of runnable) test(name, () => run(() => ({ open: makeStore })))
 * for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
 */
export const metadataStoreContract: readonly MetadataStoreCase[] = [
  ...repositoryCases,
  ...blobCases,
  ...keyCases,
  ...manifestCases,
  ...tagCases,
  ...expectationCases,
  ...immutabilityCases,
  ...referrerCases,
  ...garbageCases,
  ...reasonCases,
  ...leaseCases,
  ...missingCases,
  ...namedCases,
  ...quotaCases,
  ...usageCases,
  ...browsingCases,
  ...tagSearchCases,
  ...conditionCases,
  ...trashCases,
  ...trashManifestCases,
  ...trashRepositoryCases,
  ...outboxTellCases,
  ...outboxCases,
  ...outboxClaimCases,
  ...outboxLetterCases,
  ...restartCases,
  ...instanceCases,
]
