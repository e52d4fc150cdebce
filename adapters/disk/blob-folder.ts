import { type NoticeSink, parseUploadId, type UploadId } from '../../src/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import { DiskBlobStore } from './blob-store.ts'
import { BufferBudget } from './buffers.ts'
import type { Files } from './files.ts'
import { FolderGuard } from './folder-guard.ts'
import { layoutOf } from './layout.ts'
import { nodeFiles } from './node-files.ts'
import { realPath } from './real-path.ts'
import { type PartHealth, StoreHealth } from './store-health.ts'
import { takeFolder } from './take-folder.ts'

/** Settings of {@link openBlobFolder}. */
export interface BlobFolderOptions {
  /** Made where there is none. */
  readonly directory: string
  /** As in `DiskStoreOptions`. */
  readonly readOnly?: boolean
  readonly onNotice?: NoticeSink
  readonly files?: Files
  readonly buffers?: BufferBudget
  readonly segmentLimit?: number
  readonly cacheBytes?: number
}

/** The bytes of a registry whose names are elsewhere, in a folder that no other process can open meanwhile. */
export interface BlobFolder {
  readonly blobs: BlobStore
  readonly buffers: BufferBudget
  /** Removes the bytes of uploads that are not known any more: for the start, before there are requests. */
  clearUploads(isKnown: (id: UploadId) => Promise<boolean>): Promise<void>
  /** Removes files of small blobs in which nothing lives, without moving any; returns how many bytes that freed. */
  dropSpent(): Promise<number>
  /** Looks whether the folder is still there and takes writes; how it does. Never rejects. */
  check(): Promise<PartHealth>
  /** Releases the folder; harmless when repeated. */
  close(): Promise<void>
}

/**
 * Opens a folder for bytes alone: their names, and the sessions of uploads, are in another store, such as
 * PostgreSQL. `store.json` says so, so that the folder is never opened as one that lost its names.
 *
 * One process has the folder, as one with names: each appends to files of its own and remembers what is in
 * them. Several machines need a store of bytes that is made for it.
 *
 * @throws as `openDiskStore`.
 */
export async function openBlobFolder(options: BlobFolderOptions): Promise<BlobFolder> {
  const { files = nodeFiles, onNotice = () => {}, readOnly = false } = options
  const { buffers = new BufferBudget() } = options
  const { segmentLimit = 64 * 1024, cacheBytes = 16 * 1024 * 1024 } = options
  const layout = layoutOf(realPath(options.directory))
  const lock = await takeFolder(files, layout, { place: 'here', names: 'elsewhere', readOnly })
  try {
    const guard = new FolderGuard(layout.root, lock)
    const looks = {
      metadata: async () => {},
      blobs: async () => await blobs.check(),
      uploads: async () => {},
    }
    const shared = { files, layout, onNotice, readOnly }
    const health = new StoreHealth({ ...shared, looks, blobs: 'here', parts: ['blobs'] })
    const blobs = await DiskBlobStore.open({
      ...shared,
      buffers,
      guard,
      health,
      segmentLimit,
      cacheBytes,
    })
    let closed: Promise<void> | null = null
    return {
      blobs,
      buffers,
      async clearUploads(isKnown) {
        if (readOnly) return
        for await (const name of files.list(layout.uploads)) {
          const id = parseUploadId(name)
          if (id !== null && !(await isKnown(id))) await files.unlink(layout.staged(id))
        }
      },
      dropSpent: () => blobs.compact(null),
      async check() {
        await health.check()
        return health.report().blobs
      },
      close() {
        closed ??= blobs.close().finally(() => lock.release())
        return closed
      },
    }
  } catch (error) {
    await lock.release().catch(() => {})
    throw error
  }
}
