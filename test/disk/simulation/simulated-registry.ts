import { DiskBlobStore } from '../../../adapters/disk/blob-store.ts'
import { BufferBudget } from '../../../adapters/disk/buffers.ts'
import { CopiedFolderLog } from '../../../adapters/disk/copied-log.ts'
import type { Files } from '../../../adapters/disk/files.ts'
import { FolderGuard, guardedFiles } from '../../../adapters/disk/folder-guard.ts'
import { layoutOf } from '../../../adapters/disk/layout.ts'
import { DiskMetadataLog } from '../../../adapters/disk/metadata-log.ts'
import { nodeHash } from '../../../adapters/disk/node-hash.ts'
import { Quarantine } from '../../../adapters/disk/quarantine.ts'
import { createStore, inspectFolder, makeFolders } from '../../../adapters/disk/store-folder.ts'
import { StoreHealth } from '../../../adapters/disk/store-health.ts'
import { DiskUploadStore } from '../../../adapters/disk/upload-store.ts'
import {
  createRegistry,
  type Notice,
  type Registry,
  type RegistryOptions,
} from '../../../src/index.ts'
import { type JournalledMetadata, openMetadata } from '../../../src/kit.ts'
import type { FakeClock } from '../../../src/testing/fake-clock.ts'
import { simulatedRoot } from './simulated-files.ts'

/** How a {@link SimulatedRegistry} is opened. */
export interface SimulatedOptions {
  readonly clock: FakeClock
  /** As `openDiskStore` has it. */
  readonly segmentLimit: number
  /** Changes with power loss. */
  readonly boot: string
  readonly leaseMs: number
  /** What is to be sent because of a change. Default: nothing. */
  readonly outbox?: NonNullable<RegistryOptions['outbox']>
  /** Default: what is deleted cannot be brought back. */
  readonly trashMs?: number
  /** Memory for manifests, and as much for small blobs, that were read lately; 0 has each read come from the disk. */
  readonly manifestCacheBytes?: number
  /** Opens a copied folder without a look whether it is whole: to show what that look is for. Default: false. */
  readonly trustsCopies?: boolean
}

/** A registry in a simulated folder. */
export interface SimulatedRegistry {
  readonly registry: Registry
  readonly metadata: JournalledMetadata
  readonly blobs: DiskBlobStore
  readonly notices: Notice[]
  /** Ends it as a server does. */
  close(): Promise<void>
}

/** Opens the registry of a folder, or makes one there, as `openRegistry` does, without a lock. */
export async function openSimulated(
  files: Files,
  options: SimulatedOptions,
): Promise<SimulatedRegistry> {
  const { clock, segmentLimit, boot, leaseMs, trashMs = 0, manifestCacheBytes = 0 } = options
  const layout = layoutOf(simulatedRoot)
  const notices: Notice[] = []
  const onNotice = (notice: Notice): void => void notices.push(notice)
  if ((await inspectFolder(files, layout)) === 'fresh') await createStore(files, layout, 'flock')
  else await makeFolders(files, layout)
  const guard = new FolderGuard(layout.root, { isHeld: async () => true })
  const shared = { files, layout, guard, onNotice, readOnly: false }
  const looks = {
    metadata: () => log.expectNamed(),
    blobs: () => blobs.check(),
    uploads: () => uploads.check(),
  }
  const health = new StoreHealth({ ...shared, looks, blobs: 'here' })
  const buffers = new BufferBudget()
  const blobs = await DiskBlobStore.open({
    ...shared,
    buffers,
    health,
    segmentLimit,
    cacheBytes: manifestCacheBytes,
  })
  const uploads = await DiskUploadStore.open({
    ...shared,
    health,
    clock: clock.now,
    boot,
    blobs: 'here',
  })
  const guarded = guardedFiles(files, guard)
  const quarantine = new Quarantine(guarded, layout, clock.now)
  const deps = { files: guarded, layout, health, onNotice, quarantine }
  const log =
    options.trustsCopies === true
      ? new DiskMetadataLog(deps)
      : new CopiedFolderLog(deps, { files, layout, blobs: 'here', readOnly: false })
  const metadata = await openMetadata({
    log,
    leaseMs,
    clock: clock.now,
    elapsed: clock.now,
    onNotice,
  })
  const registry = createRegistry({
    stores: { blobs, uploads, metadata },
    hash: nodeHash,
    clock: clock.now,
    limits: { leaseMs, trashMs, manifestCacheBytes },
    onNotice,
    ...(options.outbox === undefined ? {} : { outbox: options.outbox }),
  })
  return {
    registry,
    metadata,
    blobs,
    notices,
    async close() {
      await metadata.close()
      await uploads.close()
      await log.close()
      await blobs.close()
    },
  }
}
