import fs from 'node:fs'
import { resolve } from 'node:path'
import type { EventSink } from '../../src/index.ts'
import { DiskBlobStore } from './blob-store.ts'
import { BufferBudget } from './buffers.ts'
import { isUnwritable } from './file-errors.ts'
import type { Files } from './files.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type FolderLock, lockFolder, lockToRead, preferredLock } from './lock.ts'
import { DiskMetadataLog } from './metadata-log.ts'
import { nodeFiles } from './node-files.ts'
import { Quarantine } from './quarantine.ts'
import {
  createStore,
  inspectFolder,
  type LockKind,
  makeFolders,
  makeWithParents,
  readMarker,
  UnfitFolder,
} from './store-folder.ts'
import { StoreHealth, type StoreHealthReport } from './store-health.ts'
import { DiskUploadStore } from './upload-store.ts'

/** Settings of {@link openDiskStore}. */
export interface DiskStoreOptions {
  /** The store's folder; made where there is none. */
  readonly directory: string
  /** Told of damage that was overcome and of the end of writing. Default: nobody. */
  readonly events?: EventSink
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
  /** The file system. Default: `node:fs`. */
  readonly files?: Files
  /** Memory for transfers. Default: a {@link BufferBudget} of its own, of 48 MiB. */
  readonly buffers?: BufferBudget
  /**
   * Open a folder that may not be written, such as one on a read-only file system, without writing
   * anything. Where it may be written, it is opened as ever. Default: false.
   */
  readonly readOnly?: boolean
  /** Which lock a new store gets. Default: flock where its program is installed. */
  readonly lock?: LockKind
  /** Changes with every start of the machine; null where that cannot be told. Default: Linux's own. */
  readonly boot?: string | null
}

/** How a disk store does. */
export interface DiskStoreStatus {
  /** Absolute. */
  readonly directory: string
  readonly lock: LockKind
  /** Whether it was opened without writing anything, and takes no changes. */
  readonly readOnly: boolean
  /** Upload sessions open. */
  readonly uploads: number
  /** Why names can no longer be changed; null while they can. */
  readonly failure: Error | null
  /** How each part does, as far as writes and the last `check` have shown. */
  readonly health: StoreHealthReport
}

/** A store in a folder that nobody else can open meanwhile. */
export interface DiskStore {
  readonly blobs: DiskBlobStore
  readonly uploads: DiskUploadStore
  /** For the journalled metadata; whoever composes them closes the metadata before the store. */
  readonly log: DiskMetadataLog
  readonly buffers: BufferBudget
  status(): DiskStoreStatus
  /** Looks whether the folder is still there and takes writes; `status` then says so. Never rejects. */
  check(): Promise<void>
  /** Keeps what a restart needs and lets go of the folder; harmless when repeated. */
  close(): Promise<void>
}

/**
 * Opens the store in a folder, or makes one where the folder is absent or empty.
 *
 * @throws StoreInUse when another process has it, within a second.
 * @throws UnfitFolder when the folder is something else, StoreTooNew when a later version made it,
 *   and StoreDamaged when opening it would forget what was acknowledged.
 */
export async function openDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const { files = nodeFiles, clock = Date.now, events = () => {} } = options
  const { buffers = new BufferBudget(), boot = bootId() } = options
  const layout = layoutOf(realPath(options.directory))
  const { lock, readOnly } = await takeAnyFolder(files, layout, options)
  try {
    const quarantine = new Quarantine(files, layout, clock)
    const expectJournal = (): Promise<void> => log.expectNamed()
    const health = new StoreHealth({ files, layout, events, expectJournal, readOnly })
    const blobs = new DiskBlobStore({ files, layout, buffers, health })
    const uploadDeps = { files, layout, clock, events, boot, health }
    const uploads = readOnly
      ? DiskUploadStore.withoutSessions(uploadDeps)
      : await DiskUploadStore.open(uploadDeps)
    const log = new DiskMetadataLog({ files, layout, quarantine, events, health, readOnly })
    let closed: Promise<void> | null = null
    return {
      blobs,
      uploads,
      log,
      buffers,
      status: () => ({
        directory: layout.root,
        lock: lock.kind,
        readOnly,
        uploads: uploads.size,
        failure: log.failure,
        health: health.report(),
      }),
      check: () => health.check(),
      close() {
        closed ??= closeAll([uploads, log, blobs, { close: () => lock.release() }])
        return closed
      },
    }
  } catch (error) {
    await lock.release().catch(() => {})
    throw error
  }
}

/** Takes a folder; where it may not be written, and need not be, to be read alone. */
async function takeAnyFolder(
  files: Files,
  layout: Layout,
  options: DiskStoreOptions,
): Promise<{ readonly lock: FolderLock; readonly readOnly: boolean }> {
  try {
    return { lock: await takeFolder(files, layout, options.lock), readOnly: false }
  } catch (error) {
    if (options.readOnly !== true || !isUnwritable(error)) throw error
    return { lock: await takeToRead(files, layout), readOnly: true }
  }
}

/** Sees to it that the folder is a store that no process changes. Writes nothing. */
async function takeToRead(files: Files, layout: Layout): Promise<FolderLock> {
  const marker = await readMarker(files, layout)
  if (marker === null) {
    throw new UnfitFolder(layout.root, 'holds no store, and none can be made there')
  }
  const lockFile = await files.stat(layout.lock)
  if (marker.lock === 'flock' && lockFile !== null) return await lockToRead(files, layout)
  // A process that writes would have left something to lock; and one on a socket cannot be seen.
  return { kind: marker.lock, release: async () => {} }
}

/** Locks the folder and sees to it that it is a store. */
async function takeFolder(files: Files, layout: Layout, wanted?: LockKind): Promise<FolderLock> {
  // Looked at before anything is made, so that somebody else's folder stays as it is.
  await inspectFolder(files, layout)
  await makeWithParents(files, layout.root)
  const marker = await readMarker(files, layout)
  const lock = await lockFolder(files, layout, marker?.lock ?? wanted ?? preferredLock())
  try {
    // Again, since the store may have been made while this process waited for the lock.
    const made = await readMarker(files, layout)
    if (made !== null && made.lock !== lock.kind) {
      await lock.release()
      return await takeFolder(files, layout)
    }
    if ((await inspectFolder(files, layout)) === 'fresh')
      await createStore(files, layout, lock.kind)
    else await makeFolders(files, layout)
    return lock
  } catch (error) {
    await lock.release().catch(() => {})
    throw error
  }
}

/** Closes all, in order, whatever becomes of each; then throws the first failure. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) {
    await part.close().catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

/** The folder may be reached through a symbolic link; nothing in it may be one. */
function realPath(directory: string): string {
  try {
    return fs.realpathSync(directory)
  } catch {
    return resolve(directory)
  }
}

function bootId(): string | null {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
