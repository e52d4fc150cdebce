import { describe } from 'vitest'
import { blobStoreContract, uploadStoreContract } from '../../src/testing/index.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { FaultFiles, failOnceIn } from './fault-files.ts'
import { blobPlaceIn, diskSupports, uploadPlaceIn } from './places.ts'
import { temporaryFolder } from './temporary.ts'

describe('blobs on disk', () => {
  contractTests(
    blobStoreContract,
    { ...diskSupports, outages: true },
    async () => {
      const directory = await temporaryFolder()
      const files = new FaultFiles(directory)
      return { ...blobPlaceIn(directory, files), failOnce: failOnceIn(files) }
    },
    2,
  )
})

describe('blobs on disk, a file each', () => {
  contractTests(
    blobStoreContract,
    { ...diskSupports, outages: true },
    async () => {
      const directory = await temporaryFolder()
      const files = new FaultFiles(directory)
      return { ...blobPlaceIn(directory, files, -1), failOnce: failOnceIn(files) }
    },
    6,
  )
})

describe('blobs on a disk that writes short', () => {
  contractTests(
    blobStoreContract,
    diskSupports,
    async () => {
      const directory = await temporaryFolder()
      const files = new FaultFiles(directory)
      files.judge = ({ operation }) => (operation === 'write' ? 77_777 : null)
      return blobPlaceIn(directory, files)
    },
    6,
  )
})

describe('upload sessions on disk', () => {
  contractTests(
    uploadStoreContract,
    { ...diskSupports, outages: true },
    async (clock) => {
      const directory = await temporaryFolder()
      const files = new FaultFiles(directory)
      return { ...uploadPlaceIn(directory, clock, files), failOnce: failOnceIn(files) }
    },
    3,
  )
})
