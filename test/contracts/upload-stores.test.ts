import { describe } from 'vitest'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { uploadStoreContract } from '../../src/testing/index.ts'
import { contractTests } from './contract-tests.ts'

describe('upload sessions in memory', () => {
  contractTests(uploadStoreContract, { secondInstance: true }, (clock) => {
    // Two registries of one process share the store itself.
    const store = memoryUploads({ clock })
    return { open: () => store }
  })
})
