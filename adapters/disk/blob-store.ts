import { type Digest, type DigestAlgorithm, parseDigest, type UploadId } from '../../src/index.ts'
import type {
  BlobRef,
  BlobStore,
  OpenBlob,
  StagedBlob,
  StageHint,
  StageState,
} from '../../src/kit.ts'
import { algorithmOf } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import { DirectorySync } from './directory-sync.ts'
import { DiskBlob, openBlobOf } from './disk-blob.ts'
import { codeOf, isNoFile, writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import { blobAlgorithms, blobKey, type Layout } from './layout.ts'
import { firstNames } from './sorted-listing.ts'
import { DiskStagedBlob, type StagingDeps } from './staged-blob.ts'
import type { StoreHealth } from './store-health.ts'

/** Parts of {@link DiskBlobStore}. */
export interface DiskBlobDeps {
  readonly files: Files
  readonly layout: Layout
  readonly buffers: BufferBudget
  readonly health: StoreHealth
}

/** Blobs as files, named by their digest. */
export class DiskBlobStore implements BlobStore {
  readonly #deps: DiskBlobDeps
  readonly #syncs: Readonly<Record<DigestAlgorithm, DirectorySync>>
  /** The writer of each staged file: at most one. */
  readonly #writers: Map<UploadId, DiskStagedBlob> = new Map()

  constructor(deps: DiskBlobDeps) {
    this.#deps = deps
    const { files, layout } = deps
    this.#syncs = {
      sha256: new DirectorySync(files, layout.blobFolder('sha256')),
      sha512: new DirectorySync(files, layout.blobFolder('sha512')),
    }
  }

  /**
   * Without `from`, returns while the file is still being made: that it cannot be is then reported
   * by the first call that needs it.
   *
   * @throws Error when the bytes of `from` are not all there.
   */
  async stage(id: UploadId, _hint: StageHint, from?: StageState): Promise<StagedBlob> {
    const { files, layout } = this.#deps
    await this.#writers.get(id)?.revoke()
    const path = layout.staged(id)
    if (from === undefined) return this.#writer(id, createAnew(files, path), 0)
    const file = await files.open(path, 'write')
    await cutTo(file, from.size).catch(async (error: unknown) => {
      await file.close()
      throw error
    })
    return this.#writer(id, Promise.resolve(file), from.size)
  }

  /** @throws RegistryError `unavailable` when the folder of all blobs is gone. */
  async open(ref: BlobRef): Promise<OpenBlob | null> {
    const path = this.#deps.layout.blob(ref.digest)
    let file: OpenFile
    try {
      file = await this.#deps.files.open(path, 'read')
    } catch (error) {
      if (!isNoFile(error)) throw error
      await this.#expectFolder(algorithmOf(ref.digest))
      return null
    }
    if (file.size === ref.size) return openBlobOf(new DiskBlob(path, file))
    await file.close()
    return null
  }

  async delete(ref: BlobRef): Promise<boolean> {
    const there = await this.#deps.files.unlink(this.#deps.layout.blob(ref.digest))
    if (there) await this.#syncs[algorithmOf(ref.digest)].sync()
    return there
  }

  /** In order of their keys. */
  async *list(after = ''): AsyncGenerator<BlobRef & { readonly modifiedAt: number }> {
    const { files, layout } = this.#deps
    for (const algorithm of blobAlgorithms) {
      const folder = `blobs/${algorithm}/`
      let last = nameAfter(after, folder)
      while (last !== null) {
        const names = await firstNames(files.list(layout.blobFolder(algorithm)), last)
        for (const name of names) {
          const digest = parseDigest(`${algorithm}:${name}`)
          if (digest === null) continue
          const stat = await files.stat(layout.blob(digest))
          if (stat === null || stat.kind !== 'file') continue
          const { size, modifiedAt } = stat
          yield { digest, size, key: blobKey(digest), modifiedAt }
        }
        last = names.at(-1) ?? null
      }
    }
  }

  /** Waits for syncs under way. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#syncs).map((sync) => sync.close()))
  }

  /** One blob that is gone is lost; when all are, the storage is away, and may come back. */
  async #expectFolder(algorithm: DigestAlgorithm): Promise<void> {
    const { files, layout, health } = this.#deps
    const folder = layout.blobFolder(algorithm)
    if ((await files.stat(folder)) !== null) return
    const cause = Object.assign(new Error(`${folder}: is gone`), { code: 'ENOENT' })
    const error = writeError(cause)
    health.failed('blobs', error)
    throw error
  }

  #writer(id: UploadId, file: Promise<OpenFile>, size: number): DiskStagedBlob {
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
    const writer = new DiskStagedBlob(deps, file, size)
    this.#writers.set(id, writer)
    return writer
  }

  /**
   * Renames and syncs even where the blob is there already: the rename that put it there may not
   * be durable yet, and whoever acknowledges must know that it is.
   */
  async #publish(temporary: string, digest: Digest, size: number): Promise<BlobRef> {
    await this.#deps.files.rename(temporary, this.#deps.layout.blob(digest))
    await this.#syncs[algorithmOf(digest)].sync()
    this.#deps.health.wrote('blobs')
    return { digest, size, key: blobKey(digest) }
  }
}

/**
 * What has the name already is left from an attempt whose session never came to know of it; or a
 * trap, and then it goes without being followed.
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

async function cutTo(file: OpenFile, size: number): Promise<void> {
  if (file.size < size) throw new Error(`the upload has ${file.size} bytes left of ${size}`)
  if (file.size > size) await file.truncate(size)
}

/** Where in a folder the names after a key begin; null when none do. */
function nameAfter(key: string, folder: string): string | null {
  if (key.startsWith(folder)) return key.slice(folder.length)
  return key < folder ? '' : null
}
