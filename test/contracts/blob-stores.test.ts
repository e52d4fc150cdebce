import { describe, test } from 'vitest'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { blobStoreContract, partStore } from '../../src/testing/index.ts'

describe('blobs in memory', () => {
  for (const { name, run } of blobStoreContract) test(name, () => run(() => memoryBlobs()))
})

describe("blobs under S3's rules", () => {
  for (const { name, run } of blobStoreContract) test(name, () => run(() => partStore()))
})

describe("blobs under S3's rules, in tiny parts and pages", () => {
  for (const { name, run } of blobStoreContract) {
    test(name, () => run(() => partStore({ minPartBytes: 1024, keysPerPage: 2 })))
  }
})
