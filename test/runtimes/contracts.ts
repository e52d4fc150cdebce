import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DiskStore, type DiskStoreOptions, openDiskStore } from '../../adapters/disk/store.ts'
import { memoryStores, openMetadata } from '../../src/kit.ts'
import {
  blobStoreContract,
  metadataStoreContract,
  uploadStoreContract,
} from '../../src/testing/index.ts'

/** A case for any test runner. */
export interface ContractRun {
  readonly name: string
  run(): Promise<void>
}

/** The exported contracts, on the stores that a runtime's server keeps things in. */
export const contractRuns: readonly ContractRun[] = [
  ...blobStoreContract.flatMap(({ name, run }) => [
    {
      name: `blobs on disk: ${name}`,
      run: () => onDisk((open) => run(async () => (await open()).blobs)),
    },
    { name: `blobs in memory: ${name}`, run: () => run(() => memoryStores().blobs) },
  ]),
  ...uploadStoreContract.flatMap(({ name, run }) => [
    {
      name: `uploads on disk: ${name}`,
      run: () => onDisk((open) => run(async (clock) => (await open({ clock })).uploads)),
    },
    {
      name: `uploads in memory: ${name}`,
      run: () => run((clock) => memoryStores({ clock }).uploads),
    },
  ]),
  ...metadataStoreContract.map(({ name, run }) => ({
    name: `names on disk: ${name}`,
    run: () =>
      onDisk((open) =>
        run(async () => openMetadata({ log: (await open()).log, leaseMs: 0, clock: Date.now })),
      ),
  })),
]

type Open = (options?: Partial<DiskStoreOptions>) => Promise<DiskStore>

async function onDisk(use: (open: Open) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'layerdock-contract-'))
  let store: DiskStore | null = null
  try {
    await use(async (options = {}) => {
      store = await openDiskStore({ ...options, directory })
      return store
    })
  } finally {
    await (store as DiskStore | null)?.close()
    await rm(directory, { recursive: true, force: true })
  }
}
