import {
  type Digest,
  type DigestAlgorithm,
  type NoticeSink,
  RegistryError,
  type UploadId,
} from '../../src/index.ts'
import type {
  BlobFigures,
  BlobRef,
  BlobStore,
  ByteSpan,
  OpenBlob,
  StagedBlob,
  StageHint,
  StageState,
  StoredBytes,
} from '../../src/kit.ts'
import { algorithmOf, settled, steadyClock } from '../../src/kit.ts'
import { newBlobKey, pathOfBlob } from './blob-key.ts'
import { listBlobFiles } from './blob-listing.ts'
import { blobWorkTimes, timed } from './blob-work.ts'
import type { BufferBudget } from './buffers.ts'
import { DiskBlob, openBlobOf } from './disk-blob.ts'
import { isGone, isNoFile, writeError } from './file-errors.ts'
import type { Files, OpenFile } from './files.ts'
import type { FolderGuard } from './folder-guard.ts'
import { type FolderSyncs, folderSyncs } from './folder-syncs.ts'
import { blobAlgorithms, type Layout } from './layout.ts'
import { Quarantine } from './quarantine.ts'
import { parseSegmentKey } from './segments/segment-key.ts'
import { type Move, Segments } from './segments/segments.ts'
import { Staging } from './staging.ts'
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
  /** Blobs up to this size go into segments, in bytes; below 0: none do. */
  readonly segmentLimit: number
  /** Memory for what was read of segments lately, in bytes. */
  readonly cacheBytes: number
}

/** Large blobs as files, each commit under a name of its own; small ones in segments. */
export class DiskBlobStore implements BlobStore {
  readonly #deps: DiskBlobDeps
  readonly #syncs: FolderSyncs
  readonly #segments: Segments
  readonly #staging: Staging
  readonly #quarantine: Quarantine
  readonly #work = blobWorkTimes()
  #failure: RegistryError | null = null

  private constructor(deps: DiskBlobDeps, syncs: FolderSyncs, segments: Segments) {
    this.#deps = deps
    this.#syncs = syncs
    this.#segments = segments
    this.#quarantine = new Quarantine(deps.files, deps.layout, steadyClock())
    this.#staging = new Staging({
      ...deps,
      publish: (path, digest, bytes) => this.#publish(path, digest, bytes),
      append: (digest, chunks, size) => this.#append(digest, chunks, size),
    })
    if (deps.readOnly) this.#failure = new RegistryError('storageReadOnly')
  }

  /** Opens the blobs of a store's folder. */
  static async open(deps: DiskBlobDeps): Promise<DiskBlobStore> {
    const { files, layout, health } = deps
    let store: DiskBlobStore | null = null
    const syncs = folderSyncs(files, layout, (failure, error) => {
      if (store !== null) store.#latch(failure, error)
    })
    const failed = (error: unknown): unknown => {
      const told = writeError(error)
      health.failed('blobs', told)
      return told
    }
    const segments = await Segments.load({ ...deps, folder: syncs.segments, failed })
    store = new DiskBlobStore(deps, syncs, segments)
    return store
  }

  /** Why no bytes can be written any more; null while they can. */
  get failure(): Error | null {
    return this.#failure
  }

  async stage(id: UploadId, hint: StageHint, from?: StageState): Promise<StagedBlob> {
    this.#expectWritable()
    return await this.#staging.stage(id, hint, from)
  }

  /** @throws RegistryError `unavailable` when the folder of all blobs is gone. */
  open(ref: BlobRef, how?: 'anew' | ByteSpan): Promise<OpenBlob | null> {
    const mayBeCopy = how !== 'anew'
    const known = mayBeCopy ? this.#segments.known(ref) : null
    if (known !== null) return settled(known)
    const place = parseSegmentKey(ref.key)
    return timed(
      this.#work.read,
      place === null ? this.#openFile(ref) : this.#segments.open(ref, place, mayBeCopy),
    )
  }

  async #openFile(ref: BlobRef): Promise<OpenBlob | null> {
    const path = pathOfBlob(this.#deps.layout, ref)
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

  delete(ref: BlobRef): Promise<boolean> {
    return timed(this.#work.delete, this.#delete(ref))
  }

  figures(): BlobFigures {
    return { ...this.#segments.figures(), work: this.#work }
  }

  async #delete(ref: BlobRef): Promise<boolean> {
    this.#expectWritable()
    const place = parseSegmentKey(ref.key)
    if (place !== null) return await this.#segments.delete(ref, place)
    const path = pathOfBlob(this.#deps.layout, ref)
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

  /** Moves a file, or copies a record and marks it as deleted. */
  async quarantine(ref: BlobRef): Promise<string | null> {
    this.#expectWritable()
    const place = parseSegmentKey(ref.key)
    if (place !== null) {
      const bytes = await this.#segments.raw(ref, place)
      if (bytes === null) return null
      const name = await this.#quarantine.copy(`${place.segment}-${place.offset}`, bytes)
      await this.#segments.delete(ref, place)
      return name
    }
    const path = pathOfBlob(this.#deps.layout, ref)
    if (path === null || (await this.#deps.files.stat(path)) === null) return null
    return await this.#quarantine.move(path)
  }

  /** Files in the order of their keys, then records in the order of their segments. */
  async *list(after = ''): AsyncGenerator<StoredBytes> {
    yield* listBlobFiles(this.#deps, after)
    yield* this.#segments.list(parseSegmentKey(after))
  }

  /** Segments that are mostly deleted give their room back; without `move`, those in which nothing lives. */
  async compact(move: Move | null): Promise<number> {
    this.#expectWritable()
    return await this.#segments.compact(move)
  }

  /** @throws RegistryError that says why bytes cannot be read or written. */
  async check(): Promise<void> {
    const { guard, readOnly } = this.#deps
    await guard.verify()
    if (!readOnly) this.#expectWritable()
    for (const algorithm of blobAlgorithms) await this.#expectFolder(algorithm)
    await this.#segments.expectFolder()
  }

  /** Waits for syncs under way. */
  async close(): Promise<void> {
    await this.#segments.close()
    await Promise.all(Object.values(this.#syncs).map((sync) => sync.close()))
  }

  #latch(failure: RegistryError, error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = failure
    this.#deps.health.latch('blobs', failure)
    this.#deps.onNotice({ kind: 'store-read-only', error })
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

  async #append(digest: Digest, chunks: readonly Uint8Array[], size: number): Promise<BlobRef> {
    this.#expectWritable()
    const { files, layout } = this.#deps
    const ref = await timed(this.#work.write, this.#segments.append(digest, chunks, size))
    // A store that lost its large blobs is not opened again.
    if (files.statNow(layout.blobs) === null) {
      throw new RegistryError('unavailable', { cause: isGone(layout.blobs) })
    }
    this.#deps.health.wrote('blobs')
    return ref
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
    await timed(this.#work.publish, sync.sync())
    this.#deps.health.wrote('blobs')
    return { digest, size, key }
  }
}
