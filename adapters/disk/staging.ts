import { RegistryError, type UploadId } from '../../src/index.ts'
import type { StagedBlob, StageHint, StageState } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import { codeOf, isNoFile, writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import type { Layout } from './layout.ts'
import { DiskStagedBlob, type StagingDeps } from './staged-blob.ts'
import { type RevocableStage, StagedInMemory } from './staged-in-memory.ts'
import type { StoreHealth } from './store-health.ts'

/** What {@link Staging} works with. */
export interface StagingPlace extends Pick<StagingDeps, 'publish' | 'append'> {
  readonly files: Files
  readonly layout: Layout
  readonly buffers: BufferBudget
  readonly guard: FolderGuard
  readonly health: StoreHealth
  /** Blobs up to this size are appended, in bytes; below 0: none are. */
  readonly segmentLimit: number
}

/** The bytes of unfinished uploads: in memory while they are few, then in a file each. */
export class Staging {
  readonly #place: StagingPlace
  /** The writer of each upload: at most one. */
  readonly #writers: Map<UploadId, RevocableStage> = new Map()

  constructor(place: StagingPlace) {
    this.#place = place
  }

  /** Returns while the file is still being made: that it cannot be is told by the next call. */
  async stage(id: UploadId, hint: StageHint, from?: StageState): Promise<StagedBlob> {
    await this.#writers.get(id)?.revoke()
    if (from !== undefined && from.size > 0) {
      const { files, layout } = this.#place
      const file = await openAt(files, layout.staged(id), from.size).catch((error) =>
        this.#place.guard.explain(error).then(asUnknown),
      )
      return this.#register(id, (ended) =>
        this.#fileOf(id, Promise.resolve(file), from.size, ended),
      )
    }
    const { segmentLimit, append } = this.#place
    const inFile = (ended: () => void): RevocableStage => this.#newFile(id, ended)
    if ((hint.length ?? 0) > segmentLimit) return this.#register(id, inFile)
    return this.#register(
      id,
      (ended) =>
        new StagedInMemory({
          limit: segmentLimit,
          ended,
          stageFile: () => inFile(ended),
          append,
        }),
    )
  }

  /** Notes who writes an upload's bytes, until that has ended. */
  #register(id: UploadId, make: (ended: () => void) => RevocableStage): RevocableStage {
    const writer = make(() => {
      if (this.#writers.get(id) === writer) this.#writers.delete(id)
    })
    this.#writers.set(id, writer)
    return writer
  }

  #newFile(id: UploadId, ended: () => void): RevocableStage {
    const { files, layout, guard } = this.#place
    const file = createAnew(files, layout.staged(id)).catch(async (error: unknown) => {
      throw await guard.explain(error)
    })
    return this.#fileOf(id, file, null, ended)
  }

  #fileOf(
    id: UploadId,
    file: Promise<OpenFile>,
    suspended: number | null,
    ended: () => void,
  ): RevocableStage {
    const { files, layout, buffers, health, segmentLimit, publish, append } = this.#place
    const deps: StagingDeps = {
      files,
      buffers,
      path: layout.staged(id),
      publish,
      append,
      appendLimit: segmentLimit,
      failed: (error) => {
        const told = writeError(error)
        health.failed('blobs', told)
        return told
      },
      ended,
    }
    return new DiskStagedBlob(deps, file, suspended)
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
