import { describe, test } from 'vitest'
import { memoryMetadata, openMetadata } from '../../src/metadata/store.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import {
  lackingFor,
  type MetadataStoreMaker,
  type MetadataSupports,
  metadataStoreContract,
} from '../../src/testing/metadata-store-contract.ts'
import { but } from '../contracts/breaking.ts'
import { copyOf, emptyDisk, MemoryLog } from './memory-log.ts'

function runContract(supports: MetadataSupports, make: MetadataStoreMaker): void {
  for (const each of metadataStoreContract) {
    const lacking = lackingFor(each, supports)
    test.skipIf(lacking !== null)(lacking ?? each.name, () => each.run(make))
  }
}

describe('in memory', () => {
  runContract({ reopen: false, secondInstance: false, clock: true }, () => {
    const { now, advance } = fakeClock()
    return { open: () => memoryMetadata({ elapsed: now }), advance }
  })
})

describe('over a log', () => {
  runContract({ reopen: true, secondInstance: false, clock: true }, () => {
    const { now, advance } = fakeClock()
    const disk = emptyDisk()
    return { open: () => openMetadata({ log: new MemoryLog(disk), elapsed: now }), advance }
  })
})

describe('over a log, whose process dies in place of closing', () => {
  runContract({ reopen: true, secondInstance: false, clock: true }, () => {
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
  })
})
