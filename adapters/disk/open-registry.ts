import {
  createRegistry,
  defaultLimits,
  type Registry,
  type RegistryOptions,
} from '../../src/index.ts'
import { type MetadataStatus, openMetadata, steadyClock } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import { nodeHash } from './node-hash.ts'
import { type DiskStoreStatus, openDiskStore } from './store.ts'

/** {@link RegistryOptions} with a folder in place of stores and a hash. */
export interface DiskRegistryOptions extends Omit<RegistryOptions, 'stores' | 'hash'> {
  /** Everything is kept here; made where there is none. */
  readonly directory: string
  /** Memory for transfers. Default: a budget of its own, of 48 MiB. */
  readonly buffers?: BufferBudget
}

/** A registry in a folder. */
export interface DiskRegistry extends Registry {
  /** What its transfers borrow their memory from. */
  readonly buffers: BufferBudget
  status(): { readonly store: DiskStoreStatus; readonly metadata: MetadataStatus }
  /** Looks whether the folder is still there and takes writes; `status` then says so. Never rejects. */
  check(): Promise<void>
}

/**
 * Opens the registry in a folder, or makes one there. Its `close` lets go of the folder. With
 * `readOnly`, the folder may be one that cannot be written: it is then left exactly as it is.
 *
 * @throws StoreInUse when another process has the folder.
 * @throws UnfitFolder when it holds something else, StoreTooNew when a later version made it.
 * @throws StoreDamaged when something acknowledged would be forgotten.
 */
export async function openRegistry(options: DiskRegistryOptions): Promise<DiskRegistry> {
  const { directory, buffers, ...others } = options
  const { clock = steadyClock(), events = () => {} } = options
  const leaseMs = options.limits?.leaseMs ?? defaultLimits.leaseMs
  const store = await openDiskStore({
    directory,
    clock,
    events,
    readOnly: options.readOnly === true,
    ...(buffers === undefined ? {} : { buffers }),
  })
  try {
    const { readOnly } = store.status()
    const metadata = await openMetadata({ log: store.log, leaseMs, clock, events, readOnly })
    const stores = { blobs: store.blobs, uploads: store.uploads, metadata }
    const registry = createRegistry({ ...others, clock, hash: nodeHash, stores })
    return {
      ...registry,
      buffers: store.buffers,
      status: () => ({ store: store.status(), metadata: metadata.status() }),
      check: () => store.check(),
      async close() {
        try {
          await registry.close()
        } finally {
          await store.close()
        }
      },
    }
  } catch (error) {
    await store.close().catch(() => {})
    throw error
  }
}
