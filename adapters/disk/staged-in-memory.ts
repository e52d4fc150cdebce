import { Buffer } from 'node:buffer'
import type { Digest } from '../../src/index.ts'
import type { BlobRef, StagedBlob, StageState } from '../../src/kit.ts'

/** A staged blob that can be taken away from its writer. */
export interface RevocableStage extends StagedBlob {
  /**
   * Takes the bytes away from a writer whose claim ran out, so that another can have them. Waits for
   * what is under way.
   */
  revoke(): Promise<void>
}

/** More chunks than this go into a file, however small they are: each takes memory of its own. */
const mostChunks = 512

/** What {@link StagedInMemory} works with. */
export interface MemoryStageDeps {
  /** More bytes than this go into a file. */
  readonly limit: number
  /** Whether the state of a session may hold so many bytes. */
  readonly toState: (bytes: number) => boolean
  /** Begins the file. */
  readonly stageFile: () => RevocableStage
  /** Makes the bytes a blob, and owns them. */
  readonly append: (digest: Digest, chunks: readonly Uint8Array[], size: number) => Promise<BlobRef>
  /** Called once the bytes are not this writer's any more. */
  readonly ended: () => void
}

/**
 * An upload's bytes in memory while they are few: most small uploads are committed before they need a
 * file. One that is suspended goes into the state of its session, and one with more bytes into a file.
 */
export class StagedInMemory implements RevocableStage {
  readonly #deps: MemoryStageDeps
  #chunks: Uint8Array[] = []
  #size = 0
  #file: RevocableStage | null = null
  #isOver = false
  #committing: Promise<unknown> = Promise.resolve()

  constructor(deps: MemoryStageDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#file?.size ?? this.#size
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#file !== null) return this.#file.write(chunk)
    if (this.#isOver) return Promise.reject(released())
    this.#chunks.push(chunk)
    this.#size += chunk.byteLength
    if (this.#size > this.#deps.limit || this.#chunks.length > mostChunks) return this.#spill()
  }

  async suspend(): Promise<StageState> {
    if (this.#file === null) {
      if (this.#isOver) throw released()
      const size = this.#size
      if (size === 0 || this.#deps.toState(size)) {
        const content = toText(this.#chunks)
        this.#end()
        return size === 0 ? { size } : { size, content }
      }
      await this.#spill()
    }
    return await (this.#file as unknown as RevocableStage).suspend()
  }

  read(): ReadableStream<Uint8Array> {
    if (this.#file !== null) return this.#file.read()
    const chunks = [...this.#chunks]
    return new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })
  }

  async commit(digest: Digest): Promise<BlobRef> {
    if (this.#file !== null) return await this.#file.commit(digest)
    if (this.#isOver) throw released()
    const appended = this.#deps.append(digest, this.#chunks, this.#size)
    this.#committing = appended.catch(() => {})
    this.#end()
    return await appended
  }

  async discard(): Promise<void> {
    this.#end()
    await this.#file?.discard()
  }

  async revoke(): Promise<void> {
    this.#end()
    await this.#file?.revoke()
    await this.#committing
  }

  #spill(): void | Promise<void> {
    const file = this.#deps.stageFile()
    this.#file = file
    const chunks = this.#chunks
    this.#chunks = []
    // All are taken at once; each call may say that the file is behind, or has failed.
    const behind = chunks.map((chunk) => file.write(chunk)).filter((each) => each !== undefined)
    if (behind.length > 0) return Promise.all(behind).then(() => {})
  }

  #end(): void {
    this.#chunks = []
    if (this.#isOver) return
    this.#isOver = true
    // A file tells of its own end, once nothing of it is under way.
    if (this.#file === null) this.#deps.ended()
  }
}

/** Bytes as they stand in the state of a session. */
function toText(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString('base64')
}

/** The bytes that {@link StagedInMemory.suspend} put into a state. */
export function fromText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function released(): Error {
  return new Error('the staged blob was released')
}
