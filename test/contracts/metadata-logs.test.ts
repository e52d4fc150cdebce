import { describe, test } from 'vitest'
import type { DiskStore } from '../../adapters/disk/store.ts'
import { type LogPlace, metadataLogContract } from '../../src/testing/index.ts'
import { openStore, temporaryFolder } from '../disk/temporary.ts'
import { emptyDisk, MemoryLog } from '../metadata/memory-log.ts'

function memoryPlace(): LogPlace {
  const disk = emptyDisk()
  return { open: () => new MemoryLog(disk) }
}

async function diskPlace(): Promise<LogPlace> {
  const directory = await temporaryFolder()
  let store: DiskStore | null = null
  return {
    async open() {
      // The log is a part of the store, which lets go of the folder as a whole.
      await store?.close()
      store = await openStore({ directory })
      return store.log
    },
  }
}

describe('a metadata log in memory', () => {
  for (const { name, run } of metadataLogContract) test(name, () => run(memoryPlace))
})

describe('a metadata log on disk', () => {
  for (const { name, run } of metadataLogContract) test(name, () => run(diskPlace))
})
