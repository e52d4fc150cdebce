import { type NoticeSink, RegistryError, type RegistryStores } from '../../src/index.ts'
import {
  type BlobStore,
  type JournalledMetadata,
  openMetadata,
  StoreDamaged,
} from '../../src/kit.ts'
import { codeOf } from './file-errors.ts'
import { type DiskStore, openDiskStore } from './store.ts'

/** How {@link openDiskStores} opens a folder. */
export interface DiskStoresOptions {
  /** The store's folder; made where there is none, but for `running`. */
  readonly directory: string
  /**
   * `write`: alone. `read`: with other readers, and no writer. `running`: beside a process that writes, as the store
   * is at the moment. What that process deletes afterwards is missing.
   */
  readonly mode: 'write' | 'read' | 'running'
  /** As in `openDiskStore`. */
  readonly blobs?: BlobStore
  /** Told of damage that was overcome. Default: nothing is told. */
  readonly onNotice?: NoticeSink
}

/** The stores in a folder, without a registry around them. */
export interface DiskStores extends RegistryStores {
  readonly metadata: JournalledMetadata
  /** Closes all of them and releases the folder; harmless when repeated. */
  close(): Promise<void>
}

/**
 * Opens the stores in a folder: for programs that copy or look through a registry and do not serve it.
 *
 * @throws as `openDiskStore`; StoreDamaged also where a running server went on replacing files.
 */
export async function openDiskStores(options: DiskStoresOptions): Promise<DiskStores> {
  if (options.mode === 'running') return await openRunning(options)
  const { directory, mode, onNotice, blobs } = options
  const readOnly = mode === 'read'
  return await withMetadata(
    await openDiskStore({ directory, readOnly, ...given({ onNotice, blobs }) }),
    onNotice,
  )
}

/** How often a running store is opened, if files are replaced while they are read, and the pause in between. */
const attempts = 5
const pauseMs = 300

async function openRunning(options: DiskStoresOptions): Promise<DiskStores> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openAsItIs(options)
    } catch (error) {
      if (attempt === attempts || !isPassing(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** Names first, bytes after: a name whose bytes came since would be without them. */
async function openAsItIs({ directory, blobs }: DiskStoresOptions): Promise<DiskStores> {
  const open = (): Promise<DiskStore> =>
    openDiskStore({ directory, readOnly: true, unlocked: true, ...given({ blobs }) })
  // The unfinished end of the journal is no damage: its writer is at work on it.
  const names = await withMetadata(await open(), undefined)
  try {
    const bytes = await open()
    return {
      ...names,
      blobs: bytes.blobs,
      async close() {
        await names.close()
        await bytes.close()
      },
    }
  } catch (error) {
    await names.close()
    throw error
  }
}

async function withMetadata(
  store: DiskStore,
  onNotice: NoticeSink | undefined,
): Promise<DiskStores> {
  try {
    const metadata = await openMetadata({ log: store.log, ...given({ onNotice }) })
    return {
      blobs: store.blobs,
      uploads: store.uploads,
      metadata,
      async close() {
        try {
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

/** What a server at work may cause: it replaces snapshots and journals, and removes old ones. */
function isPassing(error: unknown): boolean {
  if (error instanceof StoreDamaged) return true
  const cause = error instanceof RegistryError ? error.cause : error
  return codeOf(cause) === 'ENOENT'
}

/** Options without those that are undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
