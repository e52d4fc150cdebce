import type { Digest } from '../../src/index.ts'
import type { BlobRef, StagedBlob, StageState } from '../../src/kit.ts'
import type { BufferBudget } from './buffers.ts'
import type { Files, OpenFile } from './files.ts'
import { freeChunk } from './spent-chunks.ts'
import { readSpan, writeAll } from './whole-files.ts'

/** Chunks gathered for one call at most: the system takes no more than 1024. */
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
  /** Called once the file is nobody's any more. */
  readonly ended: (blob: DiskStagedBlob) => void
}

/**
 * An upload's bytes in a file of their own. What is written gathers in memory while the lot before
 * it is on its way to the file, so the network and the disk work at once and a writer waits only
 * when both lots are full. A write that fails beside its caller is reported by the next call.
 */
export class DiskStagedBlob implements StagedBlob {
  readonly #deps: StagingDeps
  readonly #file: Promise<OpenFile>
  readonly #before: number
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
   * @param file may still be opening: its bytes gather meanwhile, and its failure is the writer's
   * @param size bytes the file has from before
   */
  constructor(deps: StagingDeps, file: Promise<OpenFile>, size: number) {
    this.#deps = deps
    this.#file = file
    this.#before = size
    this.#size = size
    this.#position = size
    deps.buffers.enter()
    file.catch((error: unknown) => this.#fail(error))
  }

  get size(): number {
    return this.#size
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#over) return Promise.reject(new Error('the staged blob was let go'))
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
        await this.#drain()
        return { size: this.#size }
      } catch (error) {
        // Nobody knows of bytes that were never suspended before.
        if (this.#before === 0) await this.#drop().catch(() => {})
        throw error
      } finally {
        this.#owned = false
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
        await this.#drain()
        const file = await this.#file
        await file.datasync()
        // What matters is on the disk: the rename need not wait for a close, nor fail with it.
        const closed = this.#letGo().catch(() => {})
        const ref = await this.#deps.publish(this.#deps.path, digest, this.#size)
        await closed
        this.#owned = false
        return ref
      } catch (error) {
        const failure = this.#fail(error)
        await this.#drop().catch(() => {})
        throw failure
      }
    })
  }

  discard(): Promise<void> {
    return this.#end(() => this.#drop())
  }

  /**
   * Takes the file away from a writer whose claim ran out, so that another can have it: two must
   * never write to one file. Waits for what ends the blob already.
   */
  async revoke(): Promise<void> {
    if (this.#ending === null) {
      this.#owned = false
      await this.#end(async () => {})
    }
    await this.#ending
  }

  async #end<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#ending
    const ending = (async (): Promise<T> => {
      await before
      try {
        return await work()
      } finally {
        await this.#letGo()
        this.#deps.ended(this)
      }
    })()
    this.#ending = ending.catch(() => {})
    return await ending
  }

  async #drop(): Promise<void> {
    await this.#letGo()
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
    if (this.#over) throw new Error('the staged blob was let go')
  }

  async #letGo(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#gathered = []
    this.#deps.buffers.leave()
    await this.#writing
    const file = await this.#file.catch(() => null)
    await file?.close()
  }
}
