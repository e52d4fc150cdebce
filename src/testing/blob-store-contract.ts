import { committedBlobCases } from './blob-contract/committed.ts'
import { stagedBlobCases } from './blob-contract/staged.ts'
import type { BlobStoreCase } from './blob-contract/store-case.ts'

export type { BlobStoreCase, BlobStoreMaker } from './blob-contract/store-case.ts'

/**
 * What every BlobStore must do, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of blobStoreContract) test(name, () => run(makeStore))
 * ```
 */
export const blobStoreContract: readonly BlobStoreCase[] = [
  ...stagedBlobCases,
  ...committedBlobCases,
]
