import { describe } from 'vitest'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { metadataStoreContract } from '../../src/testing/metadata-store-contract.ts'
import { but } from '../contracts/breaking.ts'
import { contractTests } from '../contracts/contract-tests.ts'
import { copyOf, emptyDisk, MemoryLog } from './memory-log.ts'

describe('in memory', () => {
  contractTests(
    metadataStoreContract,
    {
      bytes: true,
      usage: true,
      reasons: true,
      trash: true,
      browsing: true,
      conditions: true,
      outbox: true,
      clock: true,
    },
    () => {
      const { now, advance } = fakeClock()
      return { open: () => memoryMetadata({ elapsed: now }), advance }
    },
  )
})

describe('over a log', () => {
  contractTests(
    metadataStoreContract,
    {
      reopen: true,
      bytes: true,
      usage: true,
      reasons: true,
      trash: true,
      browsing: true,
      conditions: true,
      outbox: true,
      clock: true,
    },
    () => {
      const { now, advance } = fakeClock()
      const disk = emptyDisk()
      return { open: () => openMetadata({ log: new MemoryLog(disk), elapsed: now }), advance }
    },
  )
})

describe('over a log, whose process dies in place of closing', () => {
  contractTests(
    metadataStoreContract,
    {
      reopen: true,
      bytes: true,
      usage: true,
      reasons: true,
      trash: true,
      browsing: true,
      conditions: true,
      outbox: true,
      clock: true,
    },
    () => {
      const { now, advance } = fakeClock()
      let disk = emptyDisk()
      return {
        open: async () => {
          disk = copyOf(disk)
          const store = await openMetadata({ log: new MemoryLog(disk), elapsed: now })
          return but(store, () => ({ close: async () => {} }))
        },
        advance,
      }
    },
  )
})
