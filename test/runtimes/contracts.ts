import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { type DiskStore, type DiskStoreOptions, openDiskStore } from '../../adapters/disk/store.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import { memoryStores, openMetadata } from '../../src/kit.ts'
import {
  blobStoreContract,
  casesFor,
  fakeClock,
  type MetadataPlace,
  metadataLogContract,
  metadataStoreContract,
  type RegistryMaker,
  registryContract,
  type StorePlace,
  type Supports,
  uploadStoreContract,
} from '../../src/testing/index.ts'
import { blobPlaceIn, diskSupports, uploadPlaceIn } from '../disk/places.ts'
import { sampleOf } from '../sample.ts'
import { fetchFrom } from './over-the-wire.ts'
import { serverHere } from './server-here.ts'

/** A case for any test runner. */
export interface ContractRun {
  readonly name: string
  run(): Promise<void>
}

/** Two registries of one process share the store itself. */
const inMemory: Supports = { secondInstance: true }
/** What names do wherever they are kept, beside what all stores do. */
const namesEverywhere: Supports = { conditions: true, trash: true, outbox: true }
const onDiskToo: Supports = { ...namesEverywhere, reopen: true, clock: true }

const everyRun: readonly ContractRun[] = [
  ...casesFor(blobStoreContract, diskSupports).runnable.map(({ name, run }) => ({
    name: `blobs on disk: ${name}`,
    run: () => inFolder((directory) => run(() => blobPlaceIn(directory))),
  })),
  ...casesFor(blobStoreContract, inMemory).runnable.map(({ name, run }) => ({
    name: `blobs in memory: ${name}`,
    run: () => run(() => shared(memoryStores().blobs)),
  })),
  ...casesFor(uploadStoreContract, diskSupports).runnable.map(({ name, run }) => ({
    name: `uploads on disk: ${name}`,
    run: () => inFolder((directory) => run((clock) => uploadPlaceIn(directory, clock))),
  })),
  ...casesFor(uploadStoreContract, inMemory).runnable.map(({ name, run }) => ({
    name: `uploads in memory: ${name}`,
    run: () => run((clock) => shared(memoryStores({ clock }).uploads)),
  })),
  ...casesFor(metadataStoreContract, onDiskToo).runnable.map(({ name, run }) => ({
    name: `metadata on disk: ${name}`,
    run: () => inFolder((directory) => run(() => metadataPlaceIn(directory))),
  })),
  ...casesFor(metadataStoreContract, { ...inMemory, ...namesEverywhere }).runnable.map(
    ({ name, run }) => ({
      name: `metadata in memory: ${name}`,
      run: () => run(() => shared(memoryStores().metadata)),
    }),
  ),
  ...metadataLogContract.map(({ name, run }) => ({
    name: `a log on disk: ${name}`,
    run: () => onDisk((open) => run(() => ({ open: async () => (await open()).log }))),
  })),
  ...registryContract.flatMap(({ name, run }) => [
    { name: `a registry on disk, over the wire: ${name}`, run: () => diskOverTheWire(run) },
    { name: `a registry in memory, over the wire: ${name}`, run: () => memoryOverTheWire(run) },
  ]),
]

/**
 * The exported contracts, on the stores that a runtime's server keeps things in: all cases in CI, and few otherwise,
 * since most of what they look at is the same code on Node.
 */
export const contractRuns: readonly ContractRun[] = sampleOf('cases of contracts', everyRun, 20)

function shared<Store>(store: Store): StorePlace<Store> {
  return { open: () => store }
}

function metadataPlaceIn(directory: string): MetadataPlace {
  const { now, advance } = fakeClock()
  return {
    advance,
    async open() {
      const store = await openDiskStore({ directory })
      const metadata = await openMetadata({ log: store.log, elapsed: now })
      return new Proxy(metadata, {
        get(target, key) {
          if (key === 'close') return () => metadata.close().then(store.close)
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}

type Open = (options?: Partial<DiskStoreOptions>) => Promise<DiskStore>

async function inFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'layerdock-contract-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function onDisk(use: (open: Open) => Promise<void>): Promise<void> {
  return inFolder(async (directory) => {
    let store: DiskStore | null = null
    try {
      await use(async (options = {}) => {
        // A folder has one store at a time; a log is opened after the one before.
        await store?.close()
        store = await openDiskStore({ ...options, directory })
        return store
      })
    } finally {
      await (store as DiskStore | null)?.close()
    }
  })
}

/** Blobs go the runtime's own way from the disk to the socket. */
function diskOverTheWire(use: (make: RegistryMaker) => Promise<void>): Promise<void> {
  return inFolder(async (directory) => {
    const registry = await openRegistry({ directory })
    try {
      await overTheWire(registry, use)
    } finally {
      await registry.close()
    }
  })
}

/** Blobs go as streams. */
function memoryOverTheWire(use: (make: RegistryMaker) => Promise<void>): Promise<void> {
  return overTheWire(createRegistry(), use)
}

/** Behind the server of the runtime that this runs on. */
async function overTheWire(
  registry: Registry,
  use: (make: RegistryMaker) => Promise<void>,
): Promise<void> {
  const serving = await (await serverHere())(registry, { port: 0 })
  try {
    await use(() => fetchFrom(serving.url))
  } finally {
    await serving.close(0)
  }
}
