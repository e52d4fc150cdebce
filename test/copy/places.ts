import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import type { RegistryStores } from '../../src/index.ts'
import { closeStores, memoryStores, openMetadata } from '../../src/kit.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'

/** Stores of one registry, with nothing in them; closed when the test has ended. */
export type Place = () => Promise<RegistryStores>

/** Stores in memory. */
export const inMemory: Place = async () => memoryStores()

/** Stores in a folder. */
export const onDisk: Place = async () => onDiskIn(await temporaryFolder())

/** The stores in a folder that is given. */
export async function onDiskIn(directory: string, readOnly = false): Promise<RegistryStores> {
  const store = await openDiskStore({ directory, readOnly })
  const metadata = await openMetadata({ log: store.log })
  const stores = { blobs: store.blobs, uploads: store.uploads, metadata }
  const close = async (): Promise<void> => {
    await closeStores(stores).catch(() => {})
    await store.close().catch(() => {})
  }
  closers.set(stores, close)
  afterTest(close)
  return stores
}

const closers: WeakMap<RegistryStores, () => Promise<void>> = new WeakMap()

/** Closes stores in a folder before the test has ended. */
export async function closeNow(stores: RegistryStores): Promise<void> {
  await closers.get(stores)?.()
}

/** A native hash, which does the same as the portable one in less time. */
export const hash: typeof nodeHash = nodeHash
