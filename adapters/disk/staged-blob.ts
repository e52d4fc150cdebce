import type { Digest } from '../../src/index.ts'
import type { BlobRef, StagedBlob, StageState } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import type { Files, OpenFile } from './files.ts'
import { freeChunk } from './spent-chunks.ts'
import { readSpan, writeAll } from './whole-files.ts'

/** The most chunks gathered for one call: the system takes no more than 1024. */
const chunksAtOnce = 512

/** What a staged file needs to become a blob. */
export interface StagingDeps {
  readonly files: Files
  readonly buffers: BufferBudget
  readonly path: string
  /** Gives the synced file its final name; resolves when that is durable. */
  readonly publish: (path: string, digest: Digest, size: number) => Promise<BlobRef>
  /** Told of each failed write; returns what the caller is to be told of it. */
  readonly failed: (error: unknown) => unknown
  /** Called once the file is no longer this writer's. */
  readonly ended: (blob: DiskStagedBlob) => void
}

/**
 * An upload's bytes in a file of their own. What is written gathers in memory while the batch before
 * it is on its way to the file, so the network and the disk work at the same time and a writer waits
 * only when both batches are full. A write that fails in the background is reported by the next call.
 */
export class DiskStagedBlob implements StagedBlob {
  readonly #deps: StagingDeps
  readonly #file: Promise<OpenFile>
  /** Bytes of the last suspended state; null when there is none. */
  readonly #suspended: number | null
  #size: number
  /** Where the next lot goes: the bytes before it are written, or on their way. */
  #position: number
  #gathered: Uint8Array[] = []
  #gatheredBytes = 0
  #writing: Promise<void> | null = null
  #failure: unknown = null
  /** No more bytes are taken. */
  #over = false
  /** Whether the file is this blob's to remove. */
  #owned = true
  /** What ends the blob, while it runs. */
  #ending: Promise<unknown> | null = null

  /**
   * @param file may still be opening: bytes gather meanwhile, and its failure is the writer's
   * @param suspended bytes of the state it goes on from; null for a new upload
   */
  constructor(deps: StagingDeps, file: Promise<OpenFile>, suspended: number | null) {
    this.#deps = deps
    this.#file = file
    this.#suspended = suspended
    this.#size = suspended ?? 0
    this.#position = this.#size
    deps.buffers.enter()
    file.catch((error: unknown) => this.#fail(error))
  }

  get size(): number {
    return this.#size
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#over) return Promise.reject(new Error('the staged blob was released'))
    this.#gathered.push(chunk)
    this.#gatheredBytes += chunk.byteLength
    this.#size += chunk.byteLength
    if (!this.#isFull()) return
    if (this.#writing !== null) return this.#waitForRoom(this.#writing)
    this.#startWriting()
  }

  suspend(): Promise<StageState> {
    return this.#end(async () => {
      try {
        await this.#drainOrCut()
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
            await this.#drain()
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
        await this.#drainOrCut()
        await this.#sync(await this.#file)
        // The bytes are on the disk: the rename need not wait for a close, nor fail with it.
        const closed = this.#release().catch(() => {})
        const ref = await this.#deps.publish(this.#deps.path, digest, this.#size)
        await closed
        this.#owned = false
        return ref
      } catch (error) {
        const failure = this.#fail(error)
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
  }

  async #end<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#ending
    const ending = (async (): Promise<T> => {
      await before
      try {
        return await work()
      } finally {
        await this.#release()
        if (!this.#owned) this.#deps.ended(this)
      }
    })()
    this.#ending = ending.catch(() => {})
    return await ending
  }

  /**
   * A failed sync is never tried again, and nothing tells which bytes it lost: the file goes. The error
   * is not one after which the upload could go on, whatever the system's reason was.
   */
  async #sync(file: OpenFile): Promise<void> {
    try {
      await file.datasync()
    } catch (error) {
      await this.#drop().catch(() => {})
      throw new Error('the bytes of the upload could not be synced, and are lost', { cause: error })
    }
  }

  /** After a failure: keeps what a suspended state still stands for, and drops the rest. */
  async #giveUp(): Promise<void> {
    if (this.#suspended === null) await this.#drop().catch(() => {})
  }

  async #drop(): Promise<void> {
    await this.#release()
    if (!this.#owned) return
    this.#owned = false
    await this.#deps.files.unlink(this.#deps.path)
  }

  #isFull(): boolean {
    const { gatherLimit } = this.#deps.buffers
    return this.#gatheredBytes >= gatherLimit || this.#gathered.length >= chunksAtOnce
  }

  async #waitForRoom(writing: Promise<void>): Promise<void> {
    await writing
    this.#throwFailure()
    if (this.#writing === null && this.#gatheredBytes > 0) this.#startWriting()
  }

  /** Begins to write what was gathered; never while a lot is on its way. */
  #startWriting(): void {
    const lot = this.#gathered
    const position = this.#position
    this.#position += this.#gatheredBytes
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#writing = this.#writeLot(lot, position)
  }

  async #writeLot(lot: readonly Uint8Array[], position: number): Promise<void> {
    try {
      await writeAll(await this.#file, lot, position)
      for (const chunk of lot) freeChunk(chunk)
    } catch (error) {
      this.#fail(error)
    }
    this.#writing = null
  }

  /** Drains, or else cuts off what came after the suspended state: a full disk needs the room. */
  async #drainOrCut(): Promise<void> {
    try {
      await this.#drain()
    } catch (error) {
      const size = this.#suspended
      if (size !== null && !this.#over) {
        await this.#file.then((file) => file.truncate(size)).catch(() => {})
      }
      throw error
    }
  }

  async #drain(): Promise<void> {
    await this.#writing
    this.#throwFailure()
    if (this.#writing === null && this.#gatheredBytes > 0) this.#startWriting()
    await this.#writing
    // It fails as the file did, which is known by then.
    await this.#file.catch(() => {})
    this.#throwFailure()
  }

  /** Notes the first failure, and returns it. */
  #fail(error: unknown): unknown {
    this.#failure ??= this.#deps.failed(error)
    return this.#failure
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#over) throw new Error('the staged blob was released')
  }

  async #release(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#gathered = []
    this.#deps.buffers.leave()
    await this.#writing
    const file = await this.#file.catch(() => null)
    await file?.close()
  }
}
