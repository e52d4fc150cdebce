import { RegistryError, type UploadId } from '../../src/index.ts'
import type { StagedBlob, StageHint, StageState } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import { codeOf, isNoFile, writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import type { Layout } from './layout.ts'
import { DiskStagedBlob, type StagingDeps, type SyncsAhead } from './staged-blob.ts'
import { fromText, type RevocableStage, StagedInMemory } from './staged-in-memory.ts'
import type { StoreHealth } from './store-health.ts'

/** Bytes that the states of sessions may hold together. */
const mostInStates = 8 * 1024 * 1024

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
  /** Bytes of uploads that are in the states of their sessions. */
  readonly #inStates: Map<UploadId, number> = new Map()
  #bytesInStates = 0
  readonly #syncsAhead: SyncsAhead = { free: 2 }

  constructor(place: StagingPlace) {
    this.#place = place
  }

  /** Returns while the file is still being made: that it cannot be is told by the next call. */
  async stage(id: UploadId, hint: StageHint, from?: StageState): Promise<StagedBlob> {
    await this.#writers.get(id)?.revoke()
    this.#leaveState(id)
    const content = from === undefined ? null : contentOf(from)
    if (from !== undefined && content === null) {
      const file = await this.#openFile(id, from.size)
      return this.#register(id, (ended) =>
        this.#fileOf(id, Promise.resolve(file), from.size, ended),
      )
    }
    const staged = this.#register(id, (ended) => this.#begin(id, hint, ended))
    if (content !== null && content.byteLength > 0) await staged.write(content)
    return staged
  }

  #begin(id: UploadId, { length = 0 }: StageHint, ended: () => void): RevocableStage {
    const { segmentLimit, append } = this.#place
    const stageFile = (): RevocableStage => this.#newFile(id, ended)
    if (length > segmentLimit) return stageFile()
    const toState = (bytes: number): boolean => this.#takeToState(id, bytes)
    return new StagedInMemory({ limit: segmentLimit, ended, stageFile, append, toState })
  }

  /** False where states hold enough bytes already: they are in memory, too. */
  #takeToState(id: UploadId, bytes: number): boolean {
    if (this.#bytesInStates + bytes > mostInStates) return false
    this.#inStates.set(id, bytes)
    this.#bytesInStates += bytes
    return true
  }

  #leaveState(id: UploadId): void {
    this.#bytesInStates -= this.#inStates.get(id) ?? 0
    this.#inStates.delete(id)
  }

  #openFile(id: UploadId, size: number): Promise<OpenFile> {
    const { files, layout, guard } = this.#place
    return openAt(files, layout.staged(id), size).catch((error) =>
      guard.explain(error).then(asUnknown),
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
      syncsAhead: this.#syncsAhead,
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

/** The bytes of a state that holds them itself; null where they are in a file. */
function contentOf(from: StageState): Uint8Array | null {
  if (from.size === 0) return new Uint8Array(0)
  if (typeof from.content !== 'string') return null
  const content = fromText(from.content)
  if (content.byteLength === from.size) return content
  const cause = new Error(`the upload's state has ${content.byteLength} bytes of ${from.size}`)
  throw new RegistryError('uploadUnknown', { cause })
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
