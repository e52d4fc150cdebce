import { describe, test } from 'vitest'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import { metadataStoreContract } from '../../src/testing/metadata-store-contract.ts'
import { MemoryLog } from './memory-log.ts'

describe('in memory', () => {
  for (const { name, run } of metadataStoreContract) {
    test(name, () => run(async () => memoryMetadata()))
  }
})

describe('over a log', () => {
  for (const { name, run } of metadataStoreContract) {
    test(name, () => run(() => openMetadata({ log: new MemoryLog(), leaseMs: 0 })))
  }
})
