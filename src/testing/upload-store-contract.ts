import { claimCases } from './upload-contract/claims.ts'
import { expiryCases } from './upload-contract/expiry.ts'
import { sessionCases } from './upload-contract/sessions.ts'
import type { UploadStoreCase } from './upload-contract/store-case.ts'

export type { UploadStoreCase, UploadStoreMaker } from './upload-contract/store-case.ts'

/**
 * What every UploadStore must do, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of uploadStoreContract) test(name, () => run((clock) => makeStore(clock)))
 * ```
 */
export const uploadStoreContract: readonly UploadStoreCase[] = [
  ...sessionCases,
  ...claimCases,
  ...expiryCases,
]
