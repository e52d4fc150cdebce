import { describe, test } from 'vitest'
import { blobStoreContract, uploadStoreContract } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

describe('blobs on disk', () => {
  for (const { name, run } of blobStoreContract) {
    test(name, () => run(async () => (await openStore()).blobs))
  }
})

describe('blobs on a disk that writes short', () => {
  for (const { name, run } of blobStoreContract) {
    test(name, async () => {
      const directory = await temporaryFolder()
      const files = new FaultFiles(directory)
      files.judge = ({ operation }) => (operation === 'write' ? 77_777 : null)
      await run(async () => (await openStore({ directory, files })).blobs)
    })
  }
})

describe('upload sessions on disk', () => {
  for (const { name, run } of uploadStoreContract) {
    test(name, () => run(async (clock) => (await openStore({ clock })).uploads))
  }
})
