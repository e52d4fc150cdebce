import { describe, test } from 'vitest'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { uploadStoreContract } from '../../src/testing/index.ts'

describe('upload sessions in memory', () => {
  for (const { name, run } of uploadStoreContract) {
    test(name, () => run((clock) => memoryUploads({ clock })))
  }
})
