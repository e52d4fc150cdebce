import type { Digest } from '../../src/index.ts'
import type { BlobRef, StageState } from '../../src/kit.ts'
import { BatchWriter } from './batch-writer.ts'
import type { BufferBudget } from './buffers.ts'
import type { Files, OpenFile } from './files.ts'
import type { RevocableStage } from './staged-in-memory.ts'
import { readSpan } from './whole-files.ts'

/**
 * Bytes after which a sync begins beside the writes that follow. The disk so works while bytes still come,
 * the last sync has little left to do, and others' syncs do not wait until all of a large upload is written.
 */
const syncAheadBytes = 32 * 1024 * 1024

/** How many syncs of unfinished uploads may run: each holds a thread that others need. */
export interface SyncsAhead {
  free: number
}

/** What a staged file needs to become a blob. */
export interface StagingDeps {
  readonly files: Files
  readonly buffers: BufferBudget
  readonly syncsAhead: SyncsAhead
  readonly path: string
  /** Gives the synced file its final name; resolves when that is durable. */
  readonly publish: (path: string, digest: Digest, size: number) => Promise<BlobRef>
  /** Makes bytes a blob that needs no file. */
  readonly append: (digest: Digest, chunks: readonly Uint8Array[], size: number) => Promise<BlobRef>
  /** The most bytes that `append` takes. */
  readonly appendLimit: number
  /** Told of each failed write; returns what the caller is to be told of it. */
  readonly failed: (error: unknown) => unknown
  /** Called once the file is no longer this writer's. */
  readonly ended: () => void
}

/** An upload's bytes in a file of their own, until that is renamed to become a blob. */
export class DiskStagedBlob implements RevocableStage {
  readonly #deps: StagingDeps
  readonly #file: Promise<OpenFile>
  readonly #writer: BatchWriter
  /** Bytes of the last suspended state; null when there is none. */
  readonly #suspended: number | null
  #size: number
  /** The bytes that the last sync began after. */
  #syncedFrom: number
  /** The sync beside the writes. */
  #syncing: Promise<void> | null = null
  /** Why the bytes are lost: a sync of them failed. */
  #loss: Error | null = null
  #released = false
  /** Whether the file is this blob's to remove. */
  #owned = true
  /** The suspend, commit or discard under way, or the last one. */
  #ending: Promise<unknown> | null = null

  /**
   * @param file may still be opening
   * @param suspended bytes of the state it goes on from; null for a new upload
   */
  constructor(deps: StagingDeps, file: Promise<OpenFile>, suspended: number | null) {
    this.#deps = deps
    this.#file = file
    this.#suspended = suspended
    this.#size = suspended ?? 0
    this.#syncedFrom = this.#size
    this.#writer = new BatchWriter(file, deps.buffers, this.#size, deps.failed)
  }

  get size(): number {
    return this.#size
  }

  write(chunk: Uint8Array): void | Promise<void> {
    const { byteLength } = chunk
    const busy = this.#writer.write(chunk)
    this.#size += byteLength
    if (this.#size - this.#syncedFrom >= syncAheadBytes) this.#syncAhead()
    return busy
  }

  suspend(): Promise<StageState> {
    return this.#end(async () => {
      try {
        await this.#drain()
        this.#owned = false
        return { size: this.#size }
      } catch (error) {
        await this.#giveUp()
        throw error
      }
    })
  }

  read(): ReadableStream<Uint8Array> {
    let bytes: AsyncGenerator<Uint8Array> | null = null
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (bytes === null) {
            await this.#writer.drain()
            bytes = readSpan(await this.#file, 0, this.#size)
          }
          const next = await bytes.next()
          if (next.done === true) controller.close()
          else controller.enqueue(next.value)
        },
      },
      { highWaterMark: 0 },
    )
  }

  commit(digest: Digest): Promise<BlobRef> {
    return this.#end(async () => {
      try {
        await this.#drain()
        if (this.#size <= this.#deps.appendLimit) return await this.#append(digest)
        await this.#sync(await this.#file)
        // The bytes are on the disk: the rename need not wait for a close, nor fail with it.
        const closed = this.#release().catch(() => {})
        const ref = await this.#deps.publish(this.#deps.path, digest, this.#size)
        await closed
        this.#owned = false
        return ref
      } catch (error) {
        const failure = this.#writer.fail(error)
        await this.#giveUp()
        throw failure
      }
    })
  }

  discard(): Promise<void> {
    return this.#end(() => this.#drop())
  }

  /**
   * Takes the file away from a writer whose claim ran out, so that another can have it: two must
   * never write to one file. Waits for a suspend, commit or discard under way.
   */
  async revoke(): Promise<void> {
    if (this.#ending === null) {
      this.#owned = false
      await this.#end(async () => {})
    }
    await this.#ending
    // One that failed to commit kept its file, so that it can still be discarded.
    this.#owned = false
    // Whoever goes on with the file would not hear of it again.
    if (this.#loss !== null) await this.#deps.files.unlink(this.#deps.path)
  }

  async #end<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#ending
    const ending = (async (): Promise<T> => {
      await before
      try {
        return await work()
      } finally {
        await this.#release()
        if (!this.#owned) this.#deps.ended()
      }
    })()
    this.#ending = ending.catch(() => {})
    return await ending
  }

  /** What of the file is left over, should it not go, belongs to no session at the next start. */
  async #append(digest: Digest): Promise<BlobRef> {
    const chunks: Uint8Array[] = []
    for await (const chunk of readSpan(await this.#file, 0, this.#size)) chunks.push(chunk)
    const ref = await this.#deps.append(digest, chunks, this.#size)
    await this.#drop().catch(() => {})
    this.#owned = false
    return ref
  }

  /** Drains, or else cuts off what came after the suspended state: a full disk needs the room. */
  async #drain(): Promise<void> {
    try {
      await this.#writer.drain()
      await this.#syncing
      if (this.#loss !== null) throw this.#loss
    } catch (error) {
      // What it loses counts, whatever failed before.
      await this.#syncing
      const size = this.#suspended
      if (size !== null && !this.#released && this.#loss === null) {
        await this.#file.then((file) => file.truncate(size)).catch(() => {})
      }
      throw error
    }
  }

  /** Syncs what was written so far beside what follows, unless enough others do. */
  #syncAhead(): void {
    const { syncsAhead } = this.#deps
    if (this.#syncing !== null || syncsAhead.free === 0) return
    syncsAhead.free -= 1
    this.#syncedFrom = this.#size
    const syncing = async (): Promise<void> => {
      // Its failure is the writer's to tell.
      const file = await this.#file.catch(() => null)
      if (file !== null && !this.#released) await this.#sync(file).catch(() => {})
      this.#syncing = null
      syncsAhead.free += 1
    }
    this.#syncing = syncing()
  }

  /**
   * A failed sync is never tried again, and nothing tells which bytes it lost: the file goes at once, since
   * the next process would not know. After this error no upload goes on, whatever the system's reason was.
   */
  async #sync(file: OpenFile): Promise<void> {
    try {
      await file.datasync()
    } catch (error) {
      this.#deps.failed(error)
      const message = 'the bytes of the upload could not be synced, and are lost'
      this.#loss ??= new Error(message, { cause: error })
      this.#writer.fail(this.#loss)
      await this.#deps.files.unlink(this.#deps.path).catch(() => {})
      throw this.#loss
    }
  }

  /** After a failure: keeps what a suspended state still stands for, and drops the rest. */
  async #giveUp(): Promise<void> {
    if (this.#suspended === null || this.#loss !== null) await this.#drop().catch(() => {})
  }

  async #drop(): Promise<void> {
    await this.#release()
    if (!this.#owned) return
    this.#owned = false
    await this.#deps.files.unlink(this.#deps.path)
  }

  async #release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    await this.#writer.stop()
    // It may remove the file, whose name is another's once this has ended.
    await this.#syncing
    const file = await this.#file.catch(() => null)
    await file?.close()
  }
}
