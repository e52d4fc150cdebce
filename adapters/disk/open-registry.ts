import {
  createRegistry,
  defaultLimits,
  type Registry,
  RegistryError,
  type RegistryOptions,
  type RegistryStores,
} from '../../src/index.ts'
import {
  type BlobStore,
  type HashFactory,
  type MaintenanceOptions,
  type MetadataStatus,
  openMetadata,
  safeNotices,
  startMaintenance,
  steadyClock,
} from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import { type DiskStoreStatus, openDiskStore } from './store.ts'
import type { PartHealth } from './store-health.ts'
import { defaultHash } from './threaded-hash.ts'

/** {@link RegistryOptions} with a folder in place of stores. */
export interface DiskRegistryOptions extends Omit<RegistryOptions, 'stores' | 'hash'> {
  /** Everything is kept here; made where there is none. */
  readonly directory: string
  /**
   * Bytes go into this store instead, and the folder has names and upload sessions alone. The same store
   * has to be given each time, and to no registry of another folder: what this folder has no name for
   * is swept. The caller closes it.
   */
  readonly blobs?: BlobStore
  /**
   * Default: the hashes of `node:crypto`; on Node with three cores or more, those of large content in a
   * thread of their own.
   */
  readonly hash?: HashFactory
  /** Memory for transfers. Default: a budget of its own, of 48 MiB. */
  readonly buffers?: BufferBudget
  /**
   * What is done beside the requests: by default idle uploads are ended and bytes without a name are
   * swept, and no garbage is collected. `false`: nothing; then the program does it. Never with `readOnly`.
   */
  readonly maintenance?: MaintenanceOptions | false
}

/** A registry in a folder. */
export interface DiskRegistry extends Registry {
  /** What its transfers borrow their memory from. */
  readonly buffers: BufferBudget
  /** What it is made of: for work beside the requests, such as looking through all its bytes. */
  readonly stores: RegistryStores
  status(): { readonly store: DiskStoreStatus; readonly metadata: MetadataStatus }
  /**
   * Looks whether the folder is still there and takes writes; `status` then says so.
   *
   * @throws Error that says why the store cannot be used now.
   */
  check(): Promise<void>
}

/**
 * Opens the registry in a folder, or makes one there. Its `close` releases the folder. With `readOnly`
 * nothing is written, and the folder may be one that cannot be.
 *
 * @example
 * const registry = await openRegistry({ directory: './registry-data' })
 * const serving = await serve(registry, { port: 5000 })
 * process.once('SIGTERM', async () => {
 *   await serving.close()
 *   await registry.close()
 * })
 *
 * @throws StoreInUse when another process has the folder.
 * @throws UnfitFolder when it holds something else, StoreTooNew when a later version made it.
 * @throws StoreDamaged when something acknowledged would be forgotten.
 */
export async function openRegistry(options: DiskRegistryOptions): Promise<DiskRegistry> {
  const { directory, buffers, blobs, maintenance = {}, ...others } = options
  const { clock = steadyClock(), readOnly = false, hash = defaultHash(), limits } = options
  const onNotice = safeNotices(options.onNotice)
  const { leaseMs, manifestCacheBytes } = { ...defaultLimits, ...limits }
  const store = await openDiskStore({
    directory,
    clock,
    onNotice,
    readOnly,
    cacheBytes: manifestCacheBytes / 4,
    ...(blobs === undefined ? {} : { blobs }),
    ...(buffers === undefined ? {} : { buffers }),
  })
  try {
    const metadata = await openMetadata({ log: store.log, leaseMs, clock, onNotice })
    const stores = { blobs: store.blobs, uploads: store.uploads, metadata }
    const registry = createRegistry({ ...others, clock, hash, stores })
    const endMaintenance =
      maintenance === false || readOnly
        ? async (): Promise<void> => {}
        : startMaintenance(registry, maintenance, onNotice)
    return {
      ...registry,
      get app() {
        return registry.app
      },
      buffers: store.buffers,
      stores,
      status: () => ({ store: store.status(), metadata: metadata.status() }),
      async check() {
        await store.check()
        for (const { state, reason } of Object.values(store.status().health)) {
          const kind = problemOf(state)
          if (kind !== null) throw new RegistryError(kind, { cause: new Error(`${reason}`) })
        }
        await registry.check()
      },
      async close() {
        await endMaintenance()
        try {
          await registry.close()
          await metadata.close()
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

/** Why a part cannot be used; a full one can still be read, and emptied. */
function problemOf(state: PartHealth['state']): 'storageReadOnly' | 'unavailable' | null {
  if (state === 'read-only') return 'storageReadOnly'
  return state === 'unavailable' ? 'unavailable' : null
}
