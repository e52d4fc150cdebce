import type { Digest } from '../../../src/index.ts'
import type { BlobRef, StagedBlob, StageState } from '../../../src/kit.ts'
import { fromBase64, toBase64 } from '../binary-text.ts'

/** A state of bytes that are in the state itself. */
export interface SmallState extends StageState {
  /** In base64. */
  readonly content: string
}

/** A state of bytes that are in the store around which this one is. */
export interface LargeState extends StageState {
  readonly around: StageState
}

/** What {@link SmallStage} works with. */
export interface SmallStageDeps {
  /** More bytes than this go into the other store. */
  readonly mostBytes: number
  /** Begins the upload in the other store. */
  stageAround(): Promise<StagedBlob>
  insert(digest: Digest, bytes: Uint8Array): Promise<BlobRef>
}

/** An upload's bytes in memory while they are few; then they go on to the other store. */
export class SmallStage implements StagedBlob {
  readonly #deps: SmallStageDeps
  #chunks: Uint8Array[] = []
  #size = 0
  /** The upload in the other store, or what became of beginning it. */
  #large: StagedBlob | null = null
  #moving: Promise<void> | null = null

  constructor(deps: SmallStageDeps, from?: SmallState) {
    this.#deps = deps
    if (from !== undefined) this.#take(fromBase64(from.content))
  }

  get size(): number {
    return this.#large?.size ?? this.#size
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#large !== null) return this.#large.write(chunk)
    this.#take(chunk)
    if (this.#size <= this.#deps.mostBytes) return
    this.#moving ??= this.#move()
    return this.#moving
  }

  async suspend(): Promise<StageState> {
    await this.#moving
    if (this.#large !== null) {
      const around = await this.#large.suspend()
      return { size: around.size, around } satisfies LargeState
    }
    return { size: this.#size, content: toBase64(this.#joined()) } satisfies SmallState
  }

  read(): ReadableStream<Uint8Array> {
    if (this.#large !== null) return this.#large.read()
    const bytes = this.#joined()
    return new ReadableStream<Uint8Array>({
      start(controller) {
        if (bytes.byteLength > 0) controller.enqueue(bytes)
        controller.close()
      },
    })
  }

  async commit(digest: Digest): Promise<BlobRef> {
    await this.#moving
    if (this.#large !== null) return this.#large.commit(digest)
    return this.#deps.insert(digest, this.#joined())
  }

  /** What is in the other store was begun by this stage, and no state names it. */
  async revert(): Promise<void> {
    await this.discard()
  }

  async discard(): Promise<void> {
    this.#chunks = []
    this.#size = 0
    await this.#moving?.catch(() => {})
    await this.#large?.discard()
  }

  #take(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#chunks.push(chunk)
    this.#size += chunk.byteLength
  }

  async #move(): Promise<void> {
    const large = await this.#deps.stageAround()
    // Chunks that come meanwhile are at the end of the list.
    try {
      for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
        await large.write(chunk)
      }
    } catch (error) {
      await large.discard().catch(() => {})
      throw error
    }
    this.#large = large
  }

  #joined(): Uint8Array {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) return first
    const all = new Uint8Array(this.#size)
    let at = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, at)
      at += chunk.byteLength
    }
    return all
  }
}
