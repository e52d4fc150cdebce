import { describe } from 'vitest'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { blobStoreContract } from '../../src/testing/index.ts'
import { contractTests } from './contract-tests.ts'
import { partPlace, partSupports } from './part-place.ts'

describe('blobs in memory', () => {
  contractTests(blobStoreContract, { secondInstance: true }, () => {
    // Two registries of one process share the store itself.
    const store = memoryBlobs()
    return { open: () => store }
  })
})

describe("blobs under S3's rules", () => {
  contractTests(blobStoreContract, partSupports, () => partPlace())
})

describe("blobs under S3's rules, in tiny parts and pages", () => {
  const options = { minPartBytes: 1024, keysPerPage: 2 }
  contractTests(blobStoreContract, partSupports, () => partPlace(options))
})
