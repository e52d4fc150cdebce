import { capCases } from './upload-contract/caps.ts'
import { claimCases } from './upload-contract/claims.ts'
import { expiryCases } from './upload-contract/expiry.ts'
import { uploadInstanceCases } from './upload-contract/instances.ts'
import { sessionCases } from './upload-contract/sessions.ts'
import type { UploadStoreCase } from './upload-contract/store-case.ts'

export type {
  UploadStoreCase,
  UploadStoreMaker,
  UploadStorePlace,
} from './upload-contract/store-case.ts'

/**
 * What every UploadStore must do, as cases for any test runner. Say what the store supports, and show
 * the cases that are left out:
 *
 * @example
 * const { runnable, unsupported } = casesFor(uploadStoreContract, { reopen: true })
 * const make: UploadStoreMaker = (clock) => ({ open: () => makeStore(clock) })
 * for (const { name, run } of runnable) test(name, () => run(make))
 * for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
 */
export const uploadStoreContract: readonly UploadStoreCase[] = [
  ...sessionCases,
  ...capCases,
  ...claimCases,
  ...expiryCases,
  ...uploadInstanceCases,
]
