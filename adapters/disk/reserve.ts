import type { Files, OpenFile } from './files.ts'
import { writeAll } from './whole-files.ts'

const fullBytes = 1024 * 1024
/** Given up at a time: enough for many small changes, so that a full disk has many such moments. */
const stepBytes = 64 * 1024

/**
 * Space kept back, given up in small steps when the journal finds no room, so that
 * a full disk still takes the deletions that make it emptier.
 */
export class Reserve {
  readonly #file: OpenFile
  #bytes: number
  #refilling: Promise<void> | null = null

  private constructor(file: OpenFile) {
    this.#file = file
    this.#bytes = file.size
  }

  /** Opens the reserve and fills it as far as there is room. */
  static async open(files: Files, path: string): Promise<Reserve> {
    const reserve = new Reserve(await files.open(path, 'ensure'))
    await reserve.refill()
    return reserve
  }

  /** Frees at least `bytes`; false when there is not that much left. */
  async give(bytes: number): Promise<boolean> {
    await this.#refilling
    const given = Math.ceil(bytes / stepBytes) * stepBytes
    if (this.#bytes < given) return false
    await this.#file.truncate(this.#bytes - given)
    this.#bytes -= given
    return true
  }

  /**
   * Takes space back as far as there is room. Never fails: what it cannot get, it gets another
   * time, and a disk with an error shows it where it matters.
   */
  refill(): Promise<void> {
    if (this.#bytes >= fullBytes) return Promise.resolve()
    this.#refilling ??= this.#fill().finally(() => {
      this.#refilling = null
    })
    return this.#refilling
  }

  async close(): Promise<void> {
    await this.#refilling
    await this.#file.close()
  }

  async #fill(): Promise<void> {
    const step = new Uint8Array(stepBytes)
    try {
      while (this.#bytes < fullBytes) {
        const piece = step.subarray(0, Math.min(stepBytes, fullBytes - this.#bytes))
        await writeAll(this.#file, [piece], this.#bytes)
        this.#bytes += piece.byteLength
      }
    } catch {
      // Part of a step may have been written; it is written over the next time.
    }
  }
}
