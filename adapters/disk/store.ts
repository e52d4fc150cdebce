import fs from 'node:fs'
import type { NoticeSink } from '../../src/index.ts'
import { type BlobRef, type BlobStore, type MetadataLog, steadyClock } from '../../src/kit.ts'
import { DiskBlobStore } from './blob-store.ts'
import { BufferBudget } from './buffers.ts'
import type { CopiedFolderDeps } from './copied-folder.ts'
import { CopiedFolderLog } from './copied-log.ts'
import type { Files } from './files.ts'
import { FolderGuard, guardedFiles } from './folder-guard.ts'
import { layoutOf } from './layout.ts'
import type { DiskLogDeps } from './metadata-log.ts'
import { nodeFiles } from './node-files.ts'
import { Quarantine } from './quarantine.ts'
import { ReadOnlyLog } from './read-only-log.ts'
import { realPath } from './real-path.ts'
import { StoreHealth, type StoreHealthDeps, type StoreHealthReport } from './store-health.ts'
import type { BlobPlace, LockKind } from './store-marker.ts'
import { takeFolder } from './take-folder.ts'
import { DiskUploadStore } from './upload-store.ts'

/** Settings of {@link openDiskStore}. */
export interface DiskStoreOptions {
  /** The store's folder; made where there is none. */
  readonly directory: string
  /**
   * Bytes go here instead of into the folder, which then has names and sessions alone. `store.json` says
   * so. The caller closes it.
   */
  readonly blobs?: BlobStore
  /**
   * Writes nothing to a store that is there, so a read-only file system will do, and several may read at
   * the same time. Where there is none yet, and the folder may be written, one is made first. Default:
   * false.
   */
  readonly readOnly?: boolean
  /**
   * Takes no lock, so that a store can be read which another process writes. Only with `readOnly`. What is read
   * is what was there while it was opened, whose bytes may be gone later; and opening it may fail with
   * `StoreDamaged` where files are replaced meanwhile. Default: false.
   */
  readonly unlocked?: boolean
  /** Told of damage that was overcome and of the end of writing. Default: nothing is told. */
  readonly onNotice?: NoticeSink
  /** Milliseconds since the epoch. Default: `steadyClock`. */
  readonly clock?: () => number
  /** The file system. Default: `node:fs`. */
  readonly files?: Files
  /** Memory for transfers. Default: a {@link BufferBudget} of its own, of 48 MiB. */
  readonly buffers?: BufferBudget
  /** Blobs up to this size share files, in bytes; below 0: none do. Default: 64 KiB. */
  readonly segmentLimit?: number
  /** Memory for blobs in shared files that were read lately, in bytes. Default: 16 MiB. */
  readonly cacheBytes?: number
  /** Which lock a new store gets. Default: flock where its program is installed. */
  readonly lock?: LockKind
  /**
   * Told of each blob and manifest that a copied folder has names of and no bytes; the caller marks them as missing.
   * Default: such a folder is refused.
   */
  readonly onLacking?: (blob: BlobRef) => void
  /** Changes with every start of the machine; null where that cannot be told. Default: Linux's own. */
  readonly boot?: string | null
}

/** How a disk store does. */
export interface DiskStoreStatus {
  /** Absolute. */
  readonly directory: string
  readonly lock: LockKind
  /** Where the bytes are. */
  readonly blobs: BlobPlace
  /** Whether it was opened without writing anything, and takes no changes. */
  readonly readOnly: boolean
  /** Upload sessions open. */
  readonly uploads: number
  /** Why nothing can be written any more; null while it can. */
  readonly failure: Error | null
  /** How each part does, as far as writes and the last `check` have shown. */
  readonly health: StoreHealthReport
}

/** A store in a folder that no other process can open meanwhile. */
export interface DiskStore {
  /** Its own, or the caller's. */
  readonly blobs: BlobStore
  readonly uploads: DiskUploadStore
  /** For the journalled metadata; the caller closes the metadata before the store. */
  readonly log: MetadataLog
  readonly buffers: BufferBudget
  status(): DiskStoreStatus
  /** Looks whether the folder is still there and takes writes; `status` then says so. Never rejects. */
  check(): Promise<void>
  /** Keeps what a restart needs and releases the folder; harmless when repeated. */
  close(): Promise<void>
}

/**
 * Opens the store in a folder, or makes one where the folder is absent or empty.
 *
 * @throws StoreInUse when another process has it, within a second.
 * @throws UnfitFolder when the folder is something else, or keeps its bytes elsewhere than the caller
 *   says; StoreTooNew when a later version made it; StoreDamaged when opening it would forget what was
 *   acknowledged.
 */
export async function openDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const { files = nodeFiles, clock = steadyClock(), onNotice = () => {} } = options
  const { buffers = new BufferBudget(), boot = bootId(), readOnly = false } = options
  const unlocked = readOnly && options.unlocked === true
  const { segmentLimit = 64 * 1024, cacheBytes = 16 * 1024 * 1024 } = options
  const layout = layoutOf(realPath(options.directory))
  const place: BlobPlace = options.blobs === undefined ? 'here' : 'elsewhere'
  const lock = await takeFolder(files, layout, { place, readOnly, unlocked, wanted: options.lock })
  try {
    const guard = new FolderGuard(layout.root, lock)
    const looks: StoreHealthDeps['looks'] = {
      metadata: () => log.expectNamed(),
      blobs: async () => await blobs.check?.(),
      uploads: () => uploads.check(),
    }
    const health = new StoreHealth({ files, layout, onNotice, looks, blobs: place, readOnly })
    const own =
      options.blobs === undefined
        ? await DiskBlobStore.open({
            files,
            layout,
            buffers,
            guard,
            health,
            onNotice,
            readOnly,
            segmentLimit,
            cacheBytes,
          })
        : null
    const blobs: BlobStore = own ?? (options.blobs as BlobStore)
    const uploads = await DiskUploadStore.open({
      files,
      layout,
      guard,
      health,
      clock,
      onNotice,
      boot,
      blobs: place,
      readOnly,
    })
    const log = openLog(
      { files: guardedFiles(files, guard), layout, health, onNotice },
      { files, layout, blobs: place, readOnly, unlocked, onLacking: options.onLacking },
      clock,
    )
    let closed: Promise<void> | null = null
    const release = { close: () => lock.release() }
    return {
      blobs,
      uploads,
      log,
      buffers,
      status: () => ({
        directory: layout.root,
        lock: lock.kind,
        blobs: place,
        readOnly,
        uploads: uploads.size,
        failure: readOnly ? null : (log.failure ?? own?.failure ?? null),
        health: health.report(),
      }),
      check: () => health.check(),
      close() {
        closed ??= closeAll([uploads, log, ...(own === null ? [] : [own]), release])
        return closed
      },
    }
  } catch (error) {
    await lock.release().catch(() => {})
    throw error
  }
}

/** A log that can be looked at, whether or not it may be written. */
interface WatchedLog extends MetadataLog {
  readonly failure: Error | null
  expectNamed(): Promise<void>
}

function openLog(
  deps: Omit<DiskLogDeps, 'quarantine'>,
  copied: CopiedFolderDeps,
  clock: () => number,
): WatchedLog {
  const quarantine = new Quarantine(deps.files, deps.layout, clock)
  const log = new CopiedFolderLog({ ...deps, quarantine }, copied)
  return copied.readOnly ? new ReadOnlyLog(log) : log
}

/** Closes all, in order, whatever becomes of each; then throws the first failure. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) {
    await part.close().catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

function bootId(): string | null {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
