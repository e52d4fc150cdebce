import { DiskBlobStore } from '../../adapters/disk/blob-store.ts'
import { BufferBudget } from '../../adapters/disk/buffers.ts'
import type { Files } from '../../adapters/disk/files.ts'
import { FolderGuard } from '../../adapters/disk/folder-guard.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { type DiskStore, openDiskStore } from '../../adapters/disk/store.ts'
import { StoreHealth } from '../../adapters/disk/store-health.ts'
import { takeFolder } from '../../adapters/disk/take-folder.ts'
import { type BlobRef, type BlobStore, memoryStores } from '../../src/kit.ts'
import type { BlobStorePlace, Supports, UploadStorePlace } from '../../src/testing/index.ts'

/** What a folder supports: it has one store at a time. */
export const diskSupports: Supports = { reopen: true }

/**
 * The blobs of a folder. They are opened without the folder's upload sessions, which would remove staged
 * bytes that no session names.
 */
export function blobPlaceIn(
  directory: string,
  files: Files = nodeFiles,
  segmentLimit: number = 64 * 1024,
): BlobStorePlace {
  const layout = layoutOf(directory)
  return {
    async open(): Promise<BlobStore> {
      const lock = await takeFolder(files, layout, { place: 'here', readOnly: false })
      const guard = new FolderGuard(directory, lock)
      const buffers = new BufferBudget()
      const onNotice = (): void => {}
      const shared = { files, layout, onNotice, readOnly: false }
      const none = async (): Promise<void> => {}
      const looks = { metadata: none, blobs: none, uploads: none }
      const health = new StoreHealth({ ...shared, looks, blobs: 'here' })
      const store = await DiskBlobStore.open({
        ...shared,
        buffers,
        guard,
        health,
        segmentLimit,
        cacheBytes: 0,
      })
      let closed: Promise<void> | null = null
      const close = async (): Promise<void> => {
        await store.close()
        await lock.release()
      }
      return {
        stage: (id, hint, from) => store.stage(id, hint, from),
        open: (blob) => store.open(blob),
        delete: (blob) => store.delete(blob as BlobRef),
        list: (after) => store.list(after),
        check: () => store.check(),
        close() {
          closed ??= close()
          return closed
        },
      }
    },
  }
}

/** The upload sessions of a folder whose bytes are elsewhere, so that none are missed. */
export function uploadPlaceIn(
  directory: string,
  clock: () => number,
  files: Files = nodeFiles,
): UploadStorePlace {
  let store: DiskStore | null = null
  return {
    async open() {
      await store?.close()
      store = await openDiskStore({ directory, clock, files, blobs: memoryStores().blobs })
      const { uploads, close } = store
      return new Proxy(uploads, {
        get(target, key) {
          if (key === 'close') return close
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}
