import type { BufferBudget } from './buffers.ts'
import type { OpenFile } from './files.ts'
import { freeChunk } from './spent-chunks.ts'
import { writeAll } from './whole-files.ts'

/** The most chunks gathered for one call: the system takes no more than 1024. */
const chunksAtOnce = 512

/**
 * Writes chunks to a file in batches: the next one gathers in memory while the one before it is being
 * written, so the network and the disk work at the same time, and a caller waits only when both batches
 * are full. A write that fails in the background is reported by the next call, and by all after it.
 */
export class BatchWriter {
  readonly #file: Promise<OpenFile>
  readonly #buffers: BufferBudget
  readonly #failed: (error: unknown) => unknown
  /** Where the next batch goes: the bytes before it are written, or being written. */
  #position: number
  #gathered: Uint8Array[] = []
  #gatheredBytes = 0
  #writing: Promise<void> | null = null
  #failure: unknown = null
  #stopped = false

  /**
   * @param file may still be opening: bytes gather meanwhile, and its failure is the writer's
   * @param position where the bytes go, from the file's start
   * @param failed told of the first failure; returns what callers are to be told of it
   */
  constructor(
    file: Promise<OpenFile>,
    buffers: BufferBudget,
    position: number,
    failed: (error: unknown) => unknown,
  ) {
    this.#file = file
    this.#buffers = buffers
    this.#position = position
    this.#failed = failed
    buffers.addUpload()
    file.catch((error: unknown) => this.fail(error))
  }

  /** Takes a chunk and owns it; a promise asks the caller to wait for it before the next one. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#stopped) return Promise.reject(released())
    this.#gathered.push(chunk)
    this.#gatheredBytes += chunk.byteLength
    if (!this.#isFull()) return
    if (this.#writing !== null) return this.#waitForRoom(this.#writing)
    this.#startWriting()
  }

  /** Resolves once every chunk is written. */
  async drain(): Promise<void> {
    await this.#writing
    this.#throwFailure()
    if (this.#writing === null && this.#gatheredBytes > 0) this.#startWriting()
    await this.#writing
    // It fails as the file did, which is known by then.
    await this.#file.catch(() => {})
    this.#throwFailure()
  }

  /** Makes every later call fail, unless one failed before; returns the failure. */
  fail(error: unknown): unknown {
    this.#failure ??= this.#failed(error)
    return this.#failure
  }

  /** Takes no more chunks, and waits for what is being written. Harmless when repeated. */
  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true
      this.#gathered = []
      this.#buffers.removeUpload()
    }
    await this.#writing
  }

  #isFull(): boolean {
    const { gatherLimit } = this.#buffers
    return this.#gatheredBytes >= gatherLimit || this.#gathered.length >= chunksAtOnce
  }

  async #waitForRoom(writing: Promise<void>): Promise<void> {
    await writing
    this.#throwFailure()
    if (this.#writing === null && this.#gatheredBytes > 0) this.#startWriting()
  }

  /** Begins to write what was gathered; never while a batch is being written. */
  #startWriting(): void {
    const batch = this.#gathered
    const position = this.#position
    this.#position += this.#gatheredBytes
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#writing = this.#writeBatch(batch, position)
  }

  async #writeBatch(batch: readonly Uint8Array[], position: number): Promise<void> {
    try {
      await writeAll(await this.#file, batch, position)
      for (const chunk of batch) freeChunk(chunk)
    } catch (error) {
      this.fail(error)
    }
    this.#writing = null
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#stopped) throw released()
  }
}

function released(): Error {
  return new Error('the staged blob was released')
}
