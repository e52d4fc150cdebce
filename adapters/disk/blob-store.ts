import {
  type Digest,
  type DigestAlgorithm,
  type NoticeSink,
  RegistryError,
  type UploadId,
} from '../../src/index.ts'
import type {
  BlobRef,
  BlobStore,
  OpenBlob,
  StagedBlob,
  StageHint,
  StageState,
  StoredBytes,
} from '../../src/kit.ts'
import { algorithmOf } from '../../src/kit.ts'
import { newBlobKey, parseBlobKey } from './blob-key.ts'
import type { BufferBudget } from './buffers.ts'
import { DirectorySync } from './directory-sync.ts'
import { DiskBlob, openBlobOf } from './disk-blob.ts'
import { codeOf, isGone, isNoFile, writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import { blobAlgorithms, type Layout } from './layout.ts'
import { firstNames } from './sorted-listing.ts'
import { DiskStagedBlob, type StagingDeps } from './staged-blob.ts'
import type { StoreHealth } from './store-health.ts'

/** What {@link DiskBlobStore} needs. */
export interface DiskBlobDeps {
  readonly files: Files
  readonly layout: Layout
  readonly buffers: BufferBudget
  readonly guard: FolderGuard
  readonly health: StoreHealth
  readonly onNotice: NoticeSink
  readonly readOnly: boolean
}

/** Blobs as files, each commit under a name of its own. */
export class DiskBlobStore implements BlobStore {
  readonly #deps: DiskBlobDeps
  readonly #syncs: Readonly<Record<DigestAlgorithm, DirectorySync>>
  /** The writer of each staged file: at most one. */
  readonly #writers: Map<UploadId, DiskStagedBlob> = new Map()
  #failure: RegistryError | null = null

  constructor(deps: DiskBlobDeps) {
    this.#deps = deps
    const { files, layout, readOnly, health, onNotice } = deps
    if (readOnly) this.#failure = new RegistryError('storageReadOnly')
    const syncOf = (algorithm: DigestAlgorithm): DirectorySync =>
      new DirectorySync(files, layout.blobFolder(algorithm), (failure, error) => {
        if (this.#failure !== null) return
        this.#failure = failure
        health.latch('blobs', failure)
        onNotice({ kind: 'store-read-only', error })
      })
    this.#syncs = { sha256: syncOf('sha256'), sha512: syncOf('sha512') }
  }

  /** Why no bytes can be written any more; null while they can. */
  get failure(): Error | null {
    return this.#failure
  }

  /**
   * Without `from`, returns while the file is still being made: that it cannot be is then reported
   * by the first call that needs it.
   */
  async stage(id: UploadId, _hint: StageHint, from?: StageState): Promise<StagedBlob> {
    this.#expectWritable()
    const { files, layout, guard } = this.#deps
    await this.#writers.get(id)?.revoke()
    const path = layout.staged(id)
    const file = from === undefined ? createAnew(files, path) : openAt(files, path, from.size)
    const explained = file.catch(async (error: unknown) => {
      throw await guard.explain(error)
    })
    if (from === undefined) return this.#writer(id, explained, null)
    return this.#writer(id, Promise.resolve(await explained.catch(asUnknown)), from.size)
  }

  /** @throws RegistryError `unavailable` when the folder of all blobs is gone. */
  async open(ref: BlobRef): Promise<OpenBlob | null> {
    const path = this.#pathOf(ref)
    if (path === null) return null
    let file: OpenFile
    try {
      file = await this.#deps.files.open(path, 'read')
    } catch (error) {
      if (!isNoFile(error)) throw error
      await this.#expectFolder(algorithmOf(ref.digest), error)
      return null
    }
    if (file.size === ref.size) return openBlobOf(new DiskBlob(path, file))
    await file.close()
    return null
  }

  async delete(ref: BlobRef): Promise<boolean> {
    this.#expectWritable()
    const path = this.#pathOf(ref)
    if (path === null) return false
    const algorithm = algorithmOf(ref.digest)
    await this.#syncs[algorithm].open()
    if (await this.#deps.files.unlink(path)) {
      await this.#syncs[algorithm].sync()
      return true
    }
    await this.#expectFolder(algorithm)
    return false
  }

  /** In order of their keys. */
  async *list(after = ''): AsyncGenerator<StoredBytes> {
    const { files, layout } = this.#deps
    for (const algorithm of blobAlgorithms) {
      const folder = `blobs/${algorithm}/`
      let last = nameAfter(after, folder)
      while (last !== null) {
        const names = await firstNames(files.list(layout.blobFolder(algorithm)), last)
        for (const name of names) {
          const parsed = parseBlobKey(folder + name)
          const stat = parsed === null ? null : await files.stat(layout.blob(parsed.key))
          if (parsed === null || stat === null || stat.kind !== 'file') continue
          const { key, digest } = parsed
          yield { key, size: stat.size, committedAt: stat.changedAt, digest }
        }
        last = names.at(-1) ?? null
      }
    }
  }

  /** @throws RegistryError that says why bytes cannot be read or written. */
  async check(): Promise<void> {
    const { guard, readOnly } = this.#deps
    await guard.verify()
    if (!readOnly) this.#expectWritable()
    for (const algorithm of blobAlgorithms) await this.#expectFolder(algorithm)
  }

  /** Waits for syncs under way. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#syncs).map((sync) => sync.close()))
  }

  #expectWritable(): void {
    if (this.#failure !== null) throw this.#failure
  }

  /** What is missing in a folder that is missing itself may well be there. */
  async #expectFolder(algorithm: DigestAlgorithm, cause?: unknown): Promise<void> {
    const { files, layout, guard } = this.#deps
    await guard.verify(cause)
    if ((await files.stat(layout.blobFolder(algorithm))) !== null) return
    const missing = isGone(layout.blobFolder(algorithm), cause)
    throw new RegistryError('unavailable', { cause: missing })
  }

  /** Null where the key is not one this store could have given to the digest. */
  #pathOf(ref: BlobRef): string | null {
    const parsed = parseBlobKey(ref.key)
    return parsed === null || parsed.digest !== ref.digest
      ? null
      : this.#deps.layout.blob(parsed.key)
  }

  #writer(id: UploadId, file: Promise<OpenFile>, suspended: number | null): DiskStagedBlob {
    const { files, layout, buffers, health } = this.#deps
    const deps: StagingDeps = {
      files,
      buffers,
      path: layout.staged(id),
      publish: (path, digest, bytes) => this.#publish(path, digest, bytes),
      failed: (error) => {
        const told = writeError(error)
        health.failed('blobs', told)
        return told
      },
      ended: (blob) => {
        if (this.#writers.get(id) === blob) this.#writers.delete(id)
      },
    }
    const writer = new DiskStagedBlob(deps, file, suspended)
    this.#writers.set(id, writer)
    return writer
  }

  async #publish(temporary: string, digest: Digest, size: number): Promise<BlobRef> {
    this.#expectWritable()
    const { files, layout, guard } = this.#deps
    const key = newBlobKey(digest)
    const sync = this.#syncs[algorithmOf(digest)]
    try {
      // Opened first: once the file has its name, only the sync may fail.
      await sync.open()
      await files.rename(temporary, layout.blob(key))
    } catch (error) {
      throw await guard.explain(error)
    }
    await sync.sync()
    this.#deps.health.wrote('blobs')
    return { digest, size, key }
  }
}

/**
 * A file of that name is left from an attempt whose session never knew of it. Anything else is a trap,
 * and is removed without being followed.
 */
async function createAnew(files: Files, path: string): Promise<OpenFile> {
  try {
    return await files.open(path, 'create')
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    await files.unlink(path)
    return await files.open(path, 'create')
  }
}

/** Opens a file and cuts it to `size` bytes. */
async function openAt(files: Files, path: string, size: number): Promise<OpenFile> {
  const file = await files.open(path, 'write')
  try {
    if (file.size < size) {
      const cause = new Error(`the upload has ${file.size} bytes left of ${size}`)
      throw new RegistryError('uploadUnknown', { cause })
    }
    if (file.size > size) await file.truncate(size)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Staged bytes that are not there belong to no upload any more. */
function asUnknown(error: unknown): never {
  throw isNoFile(error) ? new RegistryError('uploadUnknown', { cause: error }) : error
}

/** Where in a folder the names after a key begin; null when none do. */
function nameAfter(key: string, folder: string): string | null {
  if (key.startsWith(folder)) return key.slice(folder.length)
  return key < folder ? '' : null
}
