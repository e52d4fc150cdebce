import { committedBlobCases } from './blob-contract/committed.ts'
import { instanceCases } from './blob-contract/instances.ts'
import { keyCases } from './blob-contract/keys.ts'
import { outageCases } from './blob-contract/outages.ts'
import { presignCases } from './blob-contract/presign.ts'
import { stagedBlobCases } from './blob-contract/staged.ts'
import type { BlobStoreCase } from './blob-contract/store-case.ts'

export type { BlobStoreCase, BlobStoreMaker, BlobStorePlace } from './blob-contract/store-case.ts'

/**
 * What every BlobStore must do, as cases for any test runner. Say what the store supports, and show the
 * cases that are left out:
 *
 * @example
 * const { runnable, unsupported } = casesFor(blobStoreContract, { reopen: true })
 * for (const { name, run } of runnable) test(name, () => run(() => ({ open: makeStore })))
 * for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
 */
export const blobStoreContract: readonly BlobStoreCase[] = [
  ...stagedBlobCases,
  ...committedBlobCases,
  ...keyCases,
  ...instanceCases,
  ...outageCases,
  ...presignCases,
]
